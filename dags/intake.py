"""One intake DAG a feed: Airflow takes the agencies' files from the inboxes to the warehouse.

The contracts say which feeds there are.

(Airflow reads a file below dags/ only if it holds its name and the word DAG.)
"""

from marsad.orchestration.intake import feeds, intake_dag
from marsad.settings import Settings

SETTINGS = Settings.from_env()

for feed in feeds(SETTINGS):
    dag = intake_dag(feed, SETTINGS)
    globals()[dag.dag_id] = dag
