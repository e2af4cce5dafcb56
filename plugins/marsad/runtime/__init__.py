"""The embedded stack: PostgreSQL and Airflow started, watched and stopped as one."""
