"""Great Expectations, the only judge: suites, own expectation types, results into findings."""
