#!/bin/sh
# Settings that hold a password are put together here from the secret files, so that no variable of the image holds one.
set -eu
secret() { cat "/run/secrets/$1"; }
if [ -r /run/secrets/postgres_password ]; then
  state="postgresql+psycopg://qianshao:$(secret postgres_password)@postgres:5432"
  export QIANSHAO_DATABASE_URL="$state/qianshao"
  export AIRFLOW__DATABASE__SQL_ALCHEMY_CONN="$state/airflow"
fi
if [ -r /run/secrets/airflow_key ]; then
  AIRFLOW__CORE__FERNET_KEY=$(secret airflow_key)
  AIRFLOW__API__SECRET_KEY=$(secret airflow_key)
  AIRFLOW__API_AUTH__JWT_SECRET=$(secret airflow_key)
  export AIRFLOW__CORE__FERNET_KEY AIRFLOW__API__SECRET_KEY AIRFLOW__API_AUTH__JWT_SECRET
fi
exec "$@"
