#!/usr/bin/env bash
# A private PostgreSQL 17 with pgvector for the tests, on a machine that has none.
#
#   export DATABASE_URL=$(tools/postgres.sh start)   starts it (or finds it running) and prints its address
#   tools/postgres.sh stop                           stops it and deletes its data
#   tools/postgres.sh restart [fast|immediate]       ends all connections; immediate is a crash
#   tools/postgres.sh pgbouncer                      starts PgBouncer before it, in transaction mode, and prints its address
#   tools/postgres.sh check                          succeeds where start has nothing to install first
#
# PostgreSQL 17 with pgvector is used where the system has it. Elsewhere, on Linux and as root, a Debian 13 with both is
# installed once into a folder of its own (about half a minute and 400 MB) and the server runs inside it.
#
#   HISTOQL_POSTGRES_DIR     where that folder and the state stand (default ~/.cache/histoql/postgres17)
#   HISTOQL_POSTGRES_CHROOT  a Debian with postgresql-17 and postgresql-17-pgvector that exists already
#   HISTOQL_POSTGRES_NAME    to run several beside each other (default "test")
#   HISTOQL_POSTGRES_TLS     a folder with server.crt and server.key, for a server that speaks TLS
#
# It listens on loopback alone, behind a random password, and does not care for its data: fsync is off.
set -euo pipefail

directory=${HISTOQL_POSTGRES_DIR:-$HOME/.cache/histoql/postgres17}
name=${HISTOQL_POSTGRES_NAME:-test}
state=$directory/state-$name
programs=/usr/lib/postgresql/17/bin

say() { printf '%s\n' "$*" >&2; }
fail() { say "postgres.sh: $*"; exit 1; }

has_postgres() { [[ -x $1$programs/postgres && -f $1/usr/share/postgresql/17/extension/vector.control ]]; }

# Sets `root` (empty for the system itself) and `data` (a path inside of root).
find_postgres() {
  if [[ -z ${HISTOQL_POSTGRES_CHROOT:-} ]] && has_postgres ""; then
    root=""
    data=$state/data
  else
    root=${HISTOQL_POSTGRES_CHROOT:-$directory/root}
    data=/var/lib/postgresql/histoql-$name
  fi
}

# Runs a program (its whole path) as the user who may run it: never as root, which PostgreSQL refuses.
run_as_postgres() {
  if [[ -n $root ]]; then
    chroot --userspec=postgres:postgres "$root" /usr/bin/env -i PATH=/usr/bin:/bin LC_ALL=C.UTF-8 "$@"
  elif [[ $(id -u) == 0 ]]; then
    (cd / && runuser -u postgres -- "$@")
  else
    "$@"
  fi
}

run() {
  local program=$1
  shift
  run_as_postgres "$programs/$program" "$@"
}

install_root() {
  [[ $(uname -s) == Linux ]] || fail "only Linux can install one; start PostgreSQL 15 or newer with pgvector yourself and set DATABASE_URL."
  [[ $(id -u) == 0 ]] || fail "installing PostgreSQL 17 into $root needs root. Run it with sudo, or install postgresql-17 and postgresql-17-pgvector, or set DATABASE_URL."
  if ! command -v debootstrap >/dev/null; then
    command -v apt-get >/dev/null || fail "debootstrap is missing; install it, or PostgreSQL 17 with pgvector."
    say "Installing debootstrap …"
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq debootstrap debian-archive-keyring; } >&2 ||
      fail "apt-get could not install debootstrap."
  fi
  say "Installing PostgreSQL 17 with pgvector (once, about half a minute) …"
  mkdir -p "$directory"
  local partial
  partial=$(mktemp -d "$directory/partial.XXXXXX")
  chmod 755 "$partial"
  if ! debootstrap --include=postgresql-17,postgresql-17-pgvector,pgbouncer trixie "$partial" >"$directory/install.log" 2>&1; then
    tail -n 5 "$directory/install.log" >&2
    rm -rf --one-file-system "$partial"
    fail "debootstrap failed; its log is $directory/install.log."
  fi
  mv -T "$partial" "$root"
}

free_port() {
  local port
  for port in $(seq 54320 54420); do
    (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || { echo "$port"; return; }
  done
  fail "no port from 54320 to 54420 is free."
}

# Others that start at the same time must not find the same port free.
lock_ports() {
  command -v flock >/dev/null || return 0
  exec 9>"$directory/ports.lock"
  flock 9
}
unlock_ports() { exec 9>&-; }

is_running() { [[ -f $state/url && -d $root$data ]] && run pg_ctl -D "$data" status >/dev/null 2>&1; }

start() {
  find_postgres
  if [[ -n $root ]] && ! has_postgres "$root"; then
    [[ -z ${HISTOQL_POSTGRES_CHROOT:-} ]] || fail "HISTOQL_POSTGRES_CHROOT holds no PostgreSQL 17 with pgvector."
    install_root
  fi
  [[ -z $root || $(id -u) == 0 ]] || fail "running PostgreSQL inside of $root needs root; run it with sudo, or set DATABASE_URL."
  if is_running; then
    cat "$state/url"
    return
  fi

  mkdir -p "$state"
  chmod 700 "$state"
  rm -rf --one-file-system "$root$data" "$root$data.password"
  local password port
  password=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
  if [[ -z $root && $(id -u) == 0 ]]; then
    # The server's user must reach its data; the address stays readable to its owner alone.
    chmod 711 "$directory" "$state"
    install -d -o postgres -g postgres -m 700 "$data"
  fi
  say "Starting PostgreSQL 17 …"
  (umask 077 && echo "$password" >"$root$data.password")
  if [[ $(id -u) == 0 ]]; then chown --reference="$root/var/lib/postgresql" "$root$data.password"; fi
  run initdb -D "$data" --username=histoql --pwfile="$data.password" --auth=scram-sha-256 --encoding=UTF8 --locale=C.UTF-8 \
    --no-sync >"$state/initdb.log" 2>&1 || { tail -n 5 "$state/initdb.log" >&2; fail "initdb failed."; }
  rm -f "$root$data.password"

  lock_ports
  port=$(free_port)
  # No /dev/shm inside of a chroot, hence shared memory in files; parallel plans and index builds need it.
  tee -a "$root$data/postgresql.conf" >/dev/null <<CONF
listen_addresses = '127.0.0.1'
port = $port
unix_socket_directories = ''
shared_buffers = 512MB
maintenance_work_mem = 512MB
work_mem = 32MB
max_parallel_workers_per_gather = 2
max_parallel_maintenance_workers = 2
dynamic_shared_memory_type = mmap
fsync = off
synchronous_commit = off
full_page_writes = off
max_wal_size = 4GB
max_connections = 200
CONF
  if [[ -n ${HISTOQL_POSTGRES_TLS:-} ]]; then
    local file
    for file in server.crt server.key; do
      install -m 600 "$HISTOQL_POSTGRES_TLS/$file" "$root$data/$file"
      if [[ $(id -u) == 0 ]]; then chown --reference="$root$data" "$root$data/$file"; fi
    done
    echo "ssl = on" | tee -a "$root$data/postgresql.conf" >/dev/null
  fi
  # Closing the descriptors lets the caller's $(…) end while the server lives on.
  run pg_ctl -D "$data" -l "$data/server.log" -w -t 60 start >/dev/null 2>&1 </dev/null 9>&- ||
    { tail -n 10 "$root$data/server.log" >&2 || true; fail "the server did not start."; }
  unlock_ports
  (umask 077 && echo "postgresql://histoql:$password@127.0.0.1:$port/postgres" >"$state/url")
  cat "$state/url"
}

restart() {
  find_postgres
  is_running || fail "it is not running."
  run pg_ctl -D "$data" -l "$data/server.log" -m "${1:-fast}" -w -t 60 restart >/dev/null 2>&1 </dev/null ||
    fail "the server did not start again."
}

pooler_process() {
  local process
  process=$(cat "$root$data.pgbouncer/pid" 2>/dev/null) || return 1
  [[ $(cat "/proc/$process/comm" 2>/dev/null) == pgbouncer ]] && echo "$process"
}

start_pgbouncer() {
  find_postgres
  is_running || fail "start the server first."
  [[ -x $root/usr/sbin/pgbouncer ]] || fail "pgbouncer is not installed${root:+ in $root}."
  if ! pooler_process >/dev/null; then
    local url password port pooler=$data.pgbouncer
    url=$(cat "$state/url")
    password=${url#*://histoql:}
    rm -rf --one-file-system "$root$pooler"
    mkdir -m 700 "$root$pooler"
    lock_ports
    port=$(free_port)
    echo "$port" >"$state/pgbouncer.port"
    (umask 077 && printf '"histoql" "%s"\n' "${password%%@*}" >"$root$pooler/users")
    # The passwords of other roles are asked of the server, which keeps them as SCRAM verifiers.
    cat >"$root$pooler/ini" <<CONF
[databases]
* = host=127.0.0.1 port=$(sed -E 's,.*:([0-9]+)/.*,\1,' "$state/url")

[pgbouncer]
listen_addr = 127.0.0.1
listen_port = $port
unix_socket_dir =
auth_type = scram-sha-256
auth_file = $pooler/users
auth_user = histoql
auth_query = SELECT usename, passwd FROM pg_shadow WHERE usename = \$1
pool_mode = transaction
default_pool_size = 4
logfile = $pooler/log
pidfile = $pooler/pid
CONF
    if [[ $(id -u) == 0 ]]; then chown -R --reference="$root$data" "$root$pooler"; fi
    run_as_postgres /usr/sbin/pgbouncer -q -d "$pooler/ini" >/dev/null 2>&1 </dev/null 9>&- ||
      { tail -n 5 "$root$pooler/log" >&2 || true; fail "pgbouncer did not start."; }
    # It goes into the background before it listens.
    local attempt
    for attempt in $(seq 100); do
      (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && break
      [[ $attempt != 100 ]] || fail "pgbouncer does not listen."
      sleep 0.05
    done
    unlock_ports
  fi
  sed -E "s,:[0-9]+/,:$(cat "$state/pgbouncer.port")/," "$state/url"
}

check() {
  find_postgres
  has_postgres "$root" || fail "PostgreSQL 17 with pgvector is not installed; start installs it."
  [[ -z $root || $(id -u) == 0 ]] || fail "running PostgreSQL inside of $root needs root."
}

stop() {
  find_postgres
  local process
  if process=$(pooler_process); then kill "$process"; fi
  if is_running; then run pg_ctl -D "$data" -m immediate -w stop >/dev/null; fi
  rm -rf --one-file-system "$root$data" "$root$data.pgbouncer"
  rm -rf --one-file-system "$state"
}

case ${1:-} in
start) start ;;
stop) stop ;;
restart) restart "${2:-fast}" ;;
pgbouncer) start_pgbouncer ;;
check) check ;;
*) sed -n '2,18s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
esac
