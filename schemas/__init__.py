"""What things are: records, taxonomy, rules, index templates, and the loaders that read them strictly."""
