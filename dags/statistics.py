"""What Airflow makes from the warehouse when it changes: marts, and later releases, each a DAG."""

from marsad.orchestration.statistics import statistics_dag

dag = statistics_dag()
