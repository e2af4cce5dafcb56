"""What is kept long enough is destroyed, each night, by schemas/policies/retention.yaml.

(Airflow reads a file below dags/ only if it holds its name and the word DAG.)
"""

from marsad.orchestration.housekeeping import housekeeping_dag

dag = housekeeping_dag()
