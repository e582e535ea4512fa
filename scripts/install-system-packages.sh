#!/bin/sh
# Installs the Debian packages that `npm run test:system` and `npm run nodes` talk to. Needs root and apt; without them the tests that lack a
# program are reported as skipped, with the reason.
set -eu
packages="curl swaks msmtp s-nail git git-email libmailtools-perl python3 libauthen-sasl-perl libio-socket-ssl-perl postfix dovecot-core dovecot-lmtpd dovecot-submissiond strace fiu-utils openssl procps unbound libxml2-utils mutt mailutils php-cli php-symfony-mailer mount e2fsprogs libfaketime debootstrap chromium gcc libc6-dev libssl-dev zsh groff-base mandoc postgresql haproxy patroni python3-etcd"
missing=""
for package in $packages; do
  dpkg -s "$package" >/dev/null 2>&1 || missing="$missing $package"
done
# Three programs are run from their package's files, in a directory of their own. Exim, because it and Postfix exclude each other as packages: both are "the" mail
# server of a host; so it is without the rights of another user that its package gives it. And etcd, because its package would have it started with the system; and promtool, because Prometheus comes with it.
beside=/opt/postern-test
exim=$beside/exim4/usr/sbin/exim4
etcd=$beside/etcd/usr/bin/etcd
promtool=$beside/prometheus/usr/bin/promtool
[ -z "$missing" ] && [ -x "$exim" ] && [ -x "$etcd" ] && [ -x "$promtool" ] && exit 0
export DEBIAN_FRONTEND=noninteractive
# A package that starts a daemon on install must not: tests start their own, on their own ports.
policy=/usr/sbin/policy-rc.d
made=""
if [ ! -e "$policy" ]; then
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod +x "$policy"
  made=yes
fi
trap '[ -z "$made" ] || rm -f "$policy"' EXIT
apt-get -qq update
# shellcheck disable=SC2086
[ -z "$missing" ] || apt-get -qq install -y --no-install-recommends $missing

# The files of package $1 into $2, and the libraries that they need into the system.
lay_down() {
  download=$(mktemp -d)
  (cd "$download" && apt-get -qq -o APT::Sandbox::User=root download "$1")
  libraries=$(dpkg-deb -f "$download/$1"_*.deb Depends | tr ',' '\n' | sed 's/^ *//; s/[ (|].*//' | grep '^lib[^j]')
  # shellcheck disable=SC2086
  apt-get -qq install -y --no-install-recommends $libraries
  mkdir -p "$2"
  dpkg-deb -x "$download/$1"_*.deb "$2"
  rm -rf "$download"
}

if [ ! -x "$exim" ]; then
  lay_down exim4-daemon-light "$beside/exim4"
  chmod 755 "$exim"
  # Exim looks for the user that it was built for, whatever the configuration says.
  id Debian-exim >/dev/null 2>&1 ||
    useradd --system --user-group --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin Debian-exim
fi
[ -x "$etcd" ] || lay_down etcd-server "$beside/etcd"
[ -x "$promtool" ] || lay_down prometheus "$beside/prometheus"
