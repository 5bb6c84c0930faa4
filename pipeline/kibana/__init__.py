"""The Kibana dashboards read back: what each panel asks, what it is answered, and a preview."""
