"""Airflow's side: DAG builders, the inbox trigger, the error-to-retry table. Only this room imports Airflow."""
