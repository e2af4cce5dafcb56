"""Who is whom: after rows were loaded, the records that came or changed are linked.

(Airflow reads a file below dags/ only if it holds its name and the word DAG.)
"""

from marsad.orchestration.link import link_dag

dag = link_dag()
