# What ops/run and ops/test share: progress, packages, a private PostgreSQL. Sourced, never run.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# VENTANILLA_STATE=directory keeps everything that is made there instead.
state=$(realpath -m "${VENTANILLA_STATE:-$root/.ventanilla}")

say() { printf '%s\n' "$*" >&2; }
die() { printf 'error: %s\n' "$*" >&2; exit 1; }

# run_quietly WHAT LOG COMMAND…: one line of progress; the log's end only when it fails.
run_quietly() {
    local what=$1 log=$2 begun=$SECONDS
    shift 2
    printf '  %-44s' "$what" >&2
    mkdir -p "$(dirname "$log")"
    if "$@" >"$log" 2>&1 </dev/null; then
        printf ' %4d s\n' $((SECONDS - begun)) >&2
    else
        local status=$?
        printf ' failed after %d s\n' $((SECONDS - begun)) >&2
        tail -n 40 "$log" >&2
        return "$status"
    fi
}

# install_packages NAME…: Debian packages that are missing, with apt-get.
install_packages() {
    local missing=() name
    for name in "$@"; do
        dpkg-query -W -f '${Status}' "$name" 2>/dev/null | grep -q 'install ok installed' ||
            missing+=("$name")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    local as=()
    if [ "$(id -u)" != 0 ]; then
        if command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
            as=(sudo)
        else
            die "Debian packages are missing that only root can install; let an administrator run:
  apt-get install --no-install-recommends ${missing[*]}"
        fi
    fi
    run_quietly "apt-get update" "$state/logs/apt-update.log" "${as[@]}" apt-get update
    run_quietly "apt-get install ${missing[*]}" "$state/logs/apt-install.log" \
        "${as[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
        "${missing[@]}"
}

build_packages=(libwebsockets-dev libwebsockets-evlib-uv libpq-dev libcurl4-openssl-dev
    libuv1-dev openssl pkg-config postgresql)

require_swift() {
    command -v swift >/dev/null || die "no Swift toolchain: install Swift 6.2 or newer (swift.org) first"
}

postgres_bin() {
    local newest
    newest=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1)
    [ -n "$newest" ] || die "PostgreSQL is not installed"
    printf '%s\n' "$newest"
}

# The private cluster lives in the state folder where its user can reach it. PostgreSQL refuses to run
# as root, so root runs it as `postgres`, which must be able to enter every folder on the way, and a
# socket's path must stay below 107 bytes: where either fails, another place is taken.
postgres_directory() {
    local place="$state/postgres"
    if [ ${#place} -gt 80 ] || { [ "$(id -u)" = 0 ] &&
        ! setpriv --reuid=postgres --regid=postgres --clear-groups test -x "$state"; }; then
        place="${VENTANILLA_DATA:-/var/lib/ventanilla}/$(printf '%s' "${VENTANILLA_STATE:-$root}" | cksum | cut -d' ' -f1)"
    fi
    printf '%s\n' "$place"
}

# start_postgres DIRECTORY: starts the cluster as a child of this shell and waits until it answers.
# Sets postgres_pid. fsync stays on: what is acknowledged is durable.
start_postgres() {
    local directory=$1 bin as=()
    bin=$(postgres_bin)
    if [ "$(id -u)" = 0 ]; then
        as=(setpriv --reuid=postgres --regid=postgres --init-groups --inh-caps=-all
            env HOME=/var/lib/postgresql)
        mkdir -p "$(dirname "$directory")"
        install -d -o postgres -g postgres -m 700 "$directory"
    else
        mkdir -p -m 700 "$directory"
    fi
    if [ ! -f "$directory/data/PG_VERSION" ]; then
        run_quietly "creating a private PostgreSQL" "$state/logs/initdb.log" \
            env -C / "${as[@]}" "$bin/initdb" -D "$directory/data" -U ventanilla --auth-local=trust \
            --no-instructions -E UTF8 --locale=C.UTF-8
    fi
    # A session of its own: Ctrl-C reaches the script alone, which stops the parts in order.
    (cd / && exec setsid "${as[@]}" "$bin/postgres" -D "$directory/data" -k "$directory" \
        -c listen_addresses=) >"$state/logs/postgres.log" 2>&1 </dev/null &
    postgres_pid=$!
    local waited=0
    until "$bin/pg_isready" -q -h "$directory" -U ventanilla; do
        kill -0 "$postgres_pid" 2>/dev/null || { tail -n 20 "$state/logs/postgres.log" >&2; die "PostgreSQL did not start"; }
        sleep 0.05
        waited=$((waited + 1))
        [ $waited -lt 1200 ] || die "PostgreSQL did not answer within 60 s"
    done
}

# stop_process PID SIGNAL SECONDS: asks it to end and waits; kills it when it does not.
stop_process() {
    local pid=$1 signal=$2 limit=$3 waited=0
    kill -"$signal" "$pid" 2>/dev/null || return 0
    while kill -0 "$pid" 2>/dev/null; do
        sleep 0.05
        waited=$((waited + 1))
        if [ $waited -ge $((limit * 20)) ]; then
            kill -KILL "$pid" 2>/dev/null || true
            break
        fi
    done
    wait "$pid" 2>/dev/null || true
}

# free_port WISH: WISH if nothing listens there on loopback, else some free port.
free_port() {
    local port=$1
    while (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do port=$((port + 1)); done
    printf '%s\n' "$port"
}

wait_for_port() {
    local port=$1 pid=$2 what=$3 log=$4 waited=0
    until (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do
        kill -0 "$pid" 2>/dev/null || { tail -n 20 "$log" >&2; die "$what ended before it was ready"; }
        sleep 0.05
        waited=$((waited + 1))
        [ $waited -lt 600 ] || die "$what did not open port $port within 30 s"
    done
}

# wait_until_ready: until /readyz answers 200; after a kill the desk's lease may have to run out first.
wait_until_ready() {
    local port=$1 pid=$2 what=$3 log=$4 waited=0
    until answers_ready "$port"; do
        kill -0 "$pid" 2>/dev/null || { tail -n 20 "$log" >&2; die "$what ended before it was ready"; }
        sleep 0.1
        waited=$((waited + 1))
        [ $waited -lt 600 ] || die "$what was not ready within 60 s"
    done
}
answers_ready() {
    local answer
    exec 3<>"/dev/tcp/127.0.0.1/$1" || return 1
    printf 'GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' >&3
    read -r -t 5 answer <&3 || answer=""
    exec 3>&-
    [[ $answer == "HTTP/1.1 200 "* ]]
}
