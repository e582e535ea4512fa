#!/bin/sh
# Installs the Debian packages that `npm run test:system` talks to. Needs root and apt; without them the tests that lack a
# program are reported as skipped, with the reason.
set -eu
packages="curl swaks msmtp s-nail git git-email libmailtools-perl python3 libauthen-sasl-perl libio-socket-ssl-perl postfix dovecot-core dovecot-lmtpd dovecot-submissiond strace fiu-utils openssl procps unbound libxml2-utils mutt mailutils php-cli php-symfony-mailer mount e2fsprogs libfaketime debootstrap chromium gcc libc6-dev libssl-dev zsh groff-base mandoc postgresql haproxy"
missing=""
for package in $packages; do
  dpkg -s "$package" >/dev/null 2>&1 || missing="$missing $package"
done
# Exim and Postfix exclude each other as packages, because both are "the" mail server of a host. The tests run Exim from its package's files, in a
# directory of their own, without the rights of another user that its package gives it.
exim=/opt/postern-test/exim4
[ -z "$missing" ] && [ -x "$exim/usr/sbin/exim4" ] && exit 0
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
if [ ! -x "$exim/usr/sbin/exim4" ]; then
  download=$(mktemp -d)
  (cd "$download" && apt-get -qq -o APT::Sandbox::User=root download exim4-daemon-light)
  libraries=$(dpkg-deb -f "$download"/exim4-daemon-light_*.deb Depends | tr ',' '\n' | sed 's/^ *//; s/[ (|].*//' | grep '^lib')
  # shellcheck disable=SC2086
  apt-get -qq install -y --no-install-recommends $libraries
  mkdir -p "$exim"
  dpkg-deb -x "$download"/exim4-daemon-light_*.deb "$exim"
  rm -rf "$download"
  chmod 755 "$exim/usr/sbin/exim4"
  # Exim looks for the user that it was built for, whatever the configuration says.
  id Debian-exim >/dev/null 2>&1 ||
    useradd --system --user-group --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin Debian-exim
fi
