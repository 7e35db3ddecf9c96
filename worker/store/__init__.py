"""PostgreSQL: the only place with SQL. One statement per function, named for its meaning."""
