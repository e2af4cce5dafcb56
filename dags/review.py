"""What people have to look at: each morning, how many pairs of records wait for them.

(Airflow reads a file below dags/ only if it holds its name and the word DAG.)
"""

from marsad.orchestration.review import review_dag

dag = review_dag()
