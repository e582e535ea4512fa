# What a cluster on one machine is made of, where its parts are, and whether one runs. Read by up, down and status.

nodes="a b"

die() {
  echo "${0##*/}: $*" >&2
  exit 1
}

# All ports go up by `offset`, so that there may be several clusters.
ports_of_node() {
  case $1 in
    a) place=10000 ;;
    b) place=20000 ;;
  esac
  node_submission=$((place + 2587 + offset))
  node_submissions=$((place + 2465 + offset))
  node_http=$((place + 8587 + offset))
}

# Sets `dir`, and what its settings say.
open_cluster() {
  [ -e "$1/settings" ] || die "there is no cluster in $1: packaging/cluster/up $1 makes one"
  dir=$(cd "$1" && pwd -P)
  # Sets offset, own_postgres.
  . "$dir/settings"
  submission=$((2587 + offset)) submissions=$((2465 + offset)) postgres_port=$((25432 + offset))
  postgres_data=$dir/postgres/data password_file=$dir/postgres/password
  [ "$own_postgres" = no ] || find_postgres
}

# Debian keeps its programs out of the PATH, one directory a version.
find_postgres() {
  postgres_bin=$(printf '%s\n' /usr/lib/postgresql/*/bin | sort -V | tail -n 1)
  [ -x "$postgres_bin/initdb" ] ||
    die "PostgreSQL is not installed: apt-get install postgresql, or name one that runs with --postgres URL"
}

# It refuses to run as root.
as_postgres() {
  if [ "$(id -u)" = 0 ]; then
    setpriv --reuid=postgres --regid=postgres --init-groups "$@"
  else
    "$@"
  fi
}

postgres_runs() {
  as_postgres "$postgres_bin/pg_ctl" status -D "$postgres_data" >/dev/null 2>&1
}

# The number of a process of ours that runs. After a kill -9 its number may be another program's.
pid_of() {
  pid=$(cat "$dir/$1.pid" 2>/dev/null) &&
    [ -r "/proc/$pid/cmdline" ] &&
    tr '\0' '\n' <"/proc/$pid/cmdline" | grep -qxF "$2" &&
    echo "$pid"
}

pid_of_node() {
  pid_of "$1" "$dir/$1.yaml"
}

pid_of_balancer() {
  pid_of haproxy "$dir/haproxy.cfg"
}

is_ready() {
  ports_of_node "$1"
  curl -sf -m 3 -o /dev/null "http://127.0.0.1:$node_http/readyz"
}
