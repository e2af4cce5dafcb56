# One image for every Airflow component and the migration job. What is installed is what was tested: requirements.lock.
FROM python:3.11-slim-bookworm AS environment
RUN pip install --no-cache-dir uv==0.13.9
WORKDIR /opt/marsad
COPY requirements.lock ./
RUN python -m venv .venv \
 && uv pip install --no-cache --python .venv/bin/python --compile-bytecode --require-hashes -r requirements.lock
COPY pyproject.toml README.md ./
COPY plugins plugins
RUN uv pip install --no-cache --python .venv/bin/python --no-deps --no-build-isolation -e .

FROM python:3.11-slim-bookworm
RUN groupadd --gid 10001 marsad && useradd --uid 10001 --gid 10001 --no-create-home --shell /usr/sbin/nologin marsad
COPY --from=environment /opt/marsad /opt/marsad
WORKDIR /opt/marsad
COPY dags dags
COPY schemas schemas
COPY expectations expectations
# Volumes take over owner and mode of the folder they are first mounted on. GX is preloaded where tasks
# fork. Airflow's folder is read-only: an empty airflow.cfg keeps it from writing one, all settings come as variables.
RUN mkdir -p /opt/airflow/config /var/lib/marsad \
 && printf 'import sys\n\nfrom marsad.orchestration.preload import preload\n\npreload(sys.argv)\n' \
    > /opt/airflow/config/airflow_local_settings.py \
 && cd /var/lib/marsad \
 && install -d -o marsad -g marsad -m 700 . inbox landing outbox reports keys audit logs run tmp \
 && touch /opt/airflow/airflow.cfg
ENV PATH=/opt/marsad/.venv/bin:/usr/local/bin:/usr/bin:/bin \
    PYTHONPATH=/opt/marsad/plugins \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    AIRFLOW_HOME=/opt/airflow \
    MARSAD_HOME=/var/lib/marsad \
    GX_ANALYTICS_ENABLED=False \
    OMP_NUM_THREADS=1 \
    OPENBLAS_NUM_THREADS=1 \
    LANG=C.UTF-8 \
    TZ=UTC
USER 10001:10001
ENTRYPOINT []
CMD ["airflow", "version"]
