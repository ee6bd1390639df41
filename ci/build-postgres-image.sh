#!/usr/bin/env bash
# Builds a Postgres container image from Debian's packages, for machines that reach a Debian mirror but no image registry.
#
#   ci/build-postgres-image.sh VERSION TAG      for example: ci/build-postgres-image.sh 17 seaworthy-postgres:17
#
# The image behaves as the official one as far as a throw-away server needs: POSTGRES_PASSWORD, POSTGRES_USER and
# POSTGRES_DB are honoured, it listens on 5432, and arguments are passed to postgres. Needs root (debootstrap) and docker.
set -euo pipefail

fail() {
  echo "build-postgres-image: $*" >&2
  exit 1
}

[ $# -eq 2 ] || fail "usage: $0 VERSION TAG"
version=$1
tag=$2

case $version in
  15) suite=bookworm ;;
  17) suite=trixie ;;
  *) fail "no Debian release carries PostgreSQL $version: 15 (bookworm) or 17 (trixie)" ;;
esac

[ "$(id -u)" -eq 0 ] || fail "must run as root: debootstrap makes a root file system"
docker info >/dev/null 2>&1 || fail "the Docker daemon does not answer"

if ! command -v debootstrap >/dev/null; then
  command -v apt-get >/dev/null || fail "debootstrap is missing, and there is no apt-get to install it with"
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends debootstrap debian-archive-keyring >/dev/null
fi

# The mirror that apt uses here; without one that carries Debian itself, debootstrap's own default.
mirror=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null |
  sed -nE -e 's/^deb +(\[[^]]*\] +)?([^ ]+).*/\2/p' -e 's/^URIs: *([^ ]+).*/\1/p' |
  sed 's:/*$::' | grep -E '/debian$' | head -n 1 || true)

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/root

log=$work/debootstrap.log
# shellcheck disable=SC2086 # no mirror is no argument
if ! debootstrap --variant=minbase --include="postgresql-$version" \
  --keyring=/usr/share/keyrings/debian-archive-keyring.gpg "$suite" "$root" $mirror >"$log" 2>&1; then
  tail -n 20 "$log" >&2
  fail "debootstrap failed"
fi

# The package makes a cluster of its own, which is of no use here.
rm -rf "$root/var/lib/postgresql/$version" "$root/etc/postgresql/$version" "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/* \
  "$root"/usr/share/doc/* "$root"/usr/share/man/*

cat >"$root/usr/local/bin/docker-entrypoint.sh" <<'ENTRYPOINT'
#!/bin/sh
# Initialises a cluster and becomes postgres; with a command other than postgres, runs that.
set -eu
case ${1:-postgres} in
  -*) set -- postgres "$@" ;;
  postgres) ;;
  *) exec "$@" ;;
esac
: "${POSTGRES_USER:=postgres}" "${POSTGRES_DB:=$POSTGRES_USER}" "${PGDATA:=/var/lib/postgresql/data}"
if [ -z "${POSTGRES_PASSWORD:-}" ] && [ "${POSTGRES_HOST_AUTH_METHOD:-}" != trust ]; then
  echo "POSTGRES_PASSWORD is not set" >&2
  exit 1
fi
if [ "$(id -u)" -eq 0 ]; then
  mkdir -p "$PGDATA" /var/run/postgresql
  chown postgres:postgres "$PGDATA" /var/run/postgresql
  chmod 700 "$PGDATA"
  exec setpriv --reuid=postgres --regid=postgres --init-groups "$0" "$@"
fi
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  password_file=$(mktemp)
  printf '%s\n' "${POSTGRES_PASSWORD:-}" >"$password_file"
  if [ -n "${POSTGRES_PASSWORD:-}" ]; then
    initdb -D "$PGDATA" -U "$POSTGRES_USER" --pwfile="$password_file" -E UTF8 --locale=C.UTF-8 \
      --auth-local=trust --auth-host=scram-sha-256 --no-sync >/dev/null
  else
    initdb -D "$PGDATA" -U "$POSTGRES_USER" -E UTF8 --locale=C.UTF-8 --auth=trust --no-sync >/dev/null
  fi
  rm -f "$password_file"
  echo "host all all all ${POSTGRES_HOST_AUTH_METHOD:-scram-sha-256}" >>"$PGDATA/pg_hba.conf"
  if [ "$POSTGRES_DB" != postgres ]; then
    printf 'CREATE DATABASE "%s";\n' "$(printf %s "$POSTGRES_DB" | sed 's/"/""/g')" |
      postgres --single -D "$PGDATA" postgres >/dev/null
  fi
fi
exec "$@" -c listen_addresses='*'
ENTRYPOINT
chmod 755 "$root/usr/local/bin/docker-entrypoint.sh"

tar -C "$root" -c . | docker import \
  --change "ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/usr/lib/postgresql/$version/bin" \
  --change "ENV PGDATA=/var/lib/postgresql/data LANG=C.UTF-8 PG_MAJOR=$version" \
  --change 'ENTRYPOINT ["/usr/local/bin/docker-entrypoint.sh"]' \
  --change 'CMD ["postgres"]' \
  --change 'EXPOSE 5432' \
  --change 'VOLUME /var/lib/postgresql/data' \
  - "$tag" >/dev/null
echo "built $tag (PostgreSQL $version from Debian $suite)"
