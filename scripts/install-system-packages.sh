#!/bin/sh
# Installs the Debian packages that `npm run test:system` talks to. Needs root and apt; without them the tests that lack a
# program are reported as skipped, with the reason.
set -eu
packages="curl swaks msmtp s-nail git git-email libmailtools-perl python3 libauthen-sasl-perl libio-socket-ssl-perl postfix dovecot-core dovecot-lmtpd strace fiu-utils openssl procps unbound libxml2-utils mutt php-cli mount e2fsprogs libfaketime"
missing=""
for package in $packages; do
  dpkg -s "$package" >/dev/null 2>&1 || missing="$missing $package"
done
[ -z "$missing" ] && exit 0
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
apt-get -qq install -y --no-install-recommends $missing
