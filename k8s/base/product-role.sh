#!/bin/sh
# PostgreSQL's image runs this once, when it has made an empty database: the role that web, worker
# and beat log in as. It owns nothing, so row-level security binds it. Its name is DATABASE_ROLE.
set -eu
psql --set=ON_ERROR_STOP=1 --no-psqlrc --quiet --username="$POSTGRES_USER" --dbname="$POSTGRES_DB" <<'SQL'
\set password `cat /run/secrets/opssight/product-password`
CREATE ROLE opssight_app LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS PASSWORD :'password';
SQL
