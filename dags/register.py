"""The register of victims: after linkage, one row and one dated history a person, then checked as a whole.

(Airflow reads a file below dags/ only if it holds its name and the word DAG.)
"""

from marsad.orchestration.register import register_dag

dag = register_dag()
