"""The warehouse: engine, tables of the common model, COPY loading, roles."""
