"""When and in what order the pipeline's jobs run under Airflow; a file says nothing else."""
