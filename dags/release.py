"""What is published: one DAG a file of schemas/releases, built when its period is in, signed or rejected by a person.

(Airflow reads a file below dags/ only if it holds its name and the word DAG.)
"""

from marsad.orchestration.release import release_dag, releases
from marsad.settings import Settings

for name in releases(Settings.from_env()):
    dag = release_dag(name)
    globals()[dag.dag_id] = dag
