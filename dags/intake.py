"""One intake DAG a feed: from the agencies' inboxes to the warehouse. The contracts decide which there are."""

from marsad.orchestration.intake import feeds, intake_dag
from marsad.settings import Settings

SETTINGS = Settings.from_env()

for feed in feeds(SETTINGS):
    dag = intake_dag(feed, SETTINGS)
    globals()[dag.dag_id] = dag
