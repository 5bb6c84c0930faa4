-- Airflow keeps its own tables apart from ours.
CREATE DATABASE airflow OWNER qianshao;
