"""The live job, one stage a file: collect, analyse, warn, index; the command line and the DAGs call these."""
