"""What agencies owe and what they are told: each morning the calendar, every ten minutes the mail.

(Airflow reads a file below dags/ only if it holds its name and the word DAG.)
"""

from marsad.orchestration.due import due_dag, mail_dag

due = due_dag()
mail = mail_dag()
