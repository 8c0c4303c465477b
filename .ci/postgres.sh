#!/usr/bin/env bash
# Runs a command beside a PostgreSQL and a PgBouncer in transaction mode, both fresh and on loopback:
#   .ci/postgres.sh mvn verify
# The command finds them in FUSIBLE_TEST_PG_URL (a superuser) and FUSIBLE_TEST_PGBOUNCER_URL (the
# application). When it ends, so do they, and nothing of them is left.
set -euo pipefail

binaries=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -1 || true)
if [[ ! -x "$binaries/initdb" || ! -x /usr/sbin/pgbouncer ]]; then
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq postgresql postgresql-contrib pgbouncer >/dev/null
  binaries=$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -1)
fi

# Neither server runs as root.
as_postgres() {
  if [[ $(id -u) == 0 ]]; then runuser -u postgres -- "$@"; else "$@"; fi
}

free_port() {
  local port
  for port in $(shuf -i 20000-29999 -n 50); do
    if ! (: >"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
      echo "$port"
      return
    fi
  done
  echo 'no free port' >&2
  return 1
}

home=$(mktemp -d /tmp/fusible-postgres.XXXXXX)
[[ $(id -u) == 0 ]] && chown postgres "$home"
cd_home() { cd "$home"; }

stop() {
  local pid
  if [[ -s $home/pgbouncer.pid ]]; then
    pid=$(<"$home/pgbouncer.pid")
    kill "$pid" 2>/dev/null || true
  fi
  if [[ -s $home/data/postmaster.pid ]]; then
    (cd_home && as_postgres "$binaries/pg_ctl" -D "$home/data" -m immediate -w stop >/dev/null) || true
  fi
  rm -rf "$home"
}
trap stop EXIT

postgres_port=$(free_port)
(
  cd_home
  as_postgres "$binaries/initdb" -D "$home/data" -U postgres -A trust -E UTF8 --locale=C.UTF-8 >/dev/null
  as_postgres "$binaries/pg_ctl" -D "$home/data" -l "$home/postgres.log" -w -t 30 start -o "\
    -c listen_addresses=127.0.0.1 -c port=$postgres_port -c unix_socket_directories=$home \
    -c max_connections=300 -c shared_preload_libraries=pg_stat_statements" >/dev/null
) || { cat "$home/postgres.log" >&2; exit 1; }

pooler_port=$(free_port)
cat >"$home/pgbouncer.ini" <<INI
[databases]
* = host=127.0.0.1 port=$postgres_port user=fusible_app
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = $pooler_port
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 10
max_client_conn = 500
logfile = $home/pgbouncer.log
pidfile = $home/pgbouncer.pid
INI
(cd_home && as_postgres /usr/sbin/pgbouncer -q -d "$home/pgbouncer.ini") \
  || { cat "$home/pgbouncer.log" >&2; exit 1; }

export FUSIBLE_TEST_PG_URL="jdbc:postgresql://127.0.0.1:$postgres_port/postgres?user=postgres"
export FUSIBLE_TEST_PGBOUNCER_URL="jdbc:postgresql://127.0.0.1:$pooler_port/postgres?user=fusible_app"
"$@"
