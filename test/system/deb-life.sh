# The life of the package in a fresh Debian, as root; `deb.test.ts` brings it there. Each step that held says so.
cd /root
log=/root/server.log

# systemd does not run here: what the unit starts is started by hand, as its user with its one capability.
start() {
  command=$(sed -n 's/^ExecStart=//p' /usr/lib/systemd/system/postern.service)
  # Else "ready" of the server before could be found, and a command would take the lock before this one has it.
  : >"$log"
  # shellcheck disable=SC2086
  setpriv --reuid=postern --regid=postern --init-groups --inh-caps=-all,+net_bind_service --ambient-caps=+net_bind_service --bounding-set=-all,+net_bind_service $command >>"$log" 2>&1 &
  server=$!
  until grep -q '"msg":"ready"' "$log"; do
    kill -0 "$server" || { cat "$log"; exit 1; }
    sleep 0.2
  done
}

stop() {
  kill -TERM "$server"
  wait "$server"
}

queued() { postern queue list --totals --json | grep -o '"messages": *[0-9]*' | head -n 1 | tr -dc 0-9; }

# What does not hold ends it here, with what was found.
holds() {
  said=$1
  shift
  "$@" || { echo "does not hold: $said: $*"; exit 1; }
  echo "= $said"
}
gone() { for path in "$@"; do [ ! -e "$path" ] || return 1; done; }
kept() { for path in "$@"; do [ -e "$path" ] || return 1; done; }

# Nor can it start anything: it enables, and the rest is done by hand below.
cat >/usr/local/bin/systemctl <<'END'
#!/bin/sh
[ "$1 ${2-}" = "enable --now" ] && { shift 2; set -- enable "$@"; }
exec /usr/bin/systemctl "$@"
END
chmod +x /usr/local/bin/systemctl

sh -eu /root/readme.sh >/root/readme.log 2>&1 || { cat /root/readme.log; exit 1; }
password=$(sed -n 's/.*app password (shown once): //p' /root/readme.log)

verified=$(systemd-analyze --man=no verify /usr/lib/systemd/system/postern.service 2>&1) || true
[ -z "$verified" ] || { echo "$verified"; exit 1; }
systemctl is-enabled postern >/dev/null
echo "= unit verified"

[ "$(stat -c '%U:%G %a' /etc/postern /etc/postern/key.pem /var/lib/postern | tr '\n' ' ')" = "root:postern 750 root:postern 640 postern:postern 700 " ]

start
printf 'From: admin@example.org\r\nTo: bob@far.example\r\nSubject: hello\r\n\r\nhello\r\n' >hello.eml
for _ in 1 2 3 4 5; do
  curl -sS --ssl-reqd --cacert /etc/postern/cert.pem --url smtp://localhost:587 --user "admin@example.org:$password" --mail-from admin@example.org --mail-rcpt bob@far.example -T hello.eml
done
holds "submitted 5" test "$(queued)" = 5

apt-get install -y /root/new/postern.deb >/root/upgrade.log 2>&1 || { cat /root/upgrade.log; exit 1; }
holds upgraded test "$(dpkg-query -W -f '${Version}' postern)" != 0.0.1
stop
start
holds "queued 5" test "$(queued)" = 5
postern audit verify >/dev/null
echo "= trail holds"
postern check >/dev/null
stop

apt-get remove -y postern >/root/remove.log 2>&1
gone /usr/bin/postern
holds "removed, data stay" kept /var/lib/postern/postern.sqlite
dpkg --purge postern >>/root/remove.log 2>&1
holds "purged, data stay" kept /var/lib/postern/postern.sqlite /etc/postern/key.pem
apt-get install -y /root/new/postern.deb >>/root/remove.log 2>&1
postern check >/dev/null
echo 'postern postern/remove-data boolean true' | debconf-set-selections
dpkg --purge postern >>/root/remove.log 2>&1
holds "purged with data" gone /var/lib/postern /etc/postern /usr/lib/postern
! getent passwd postern
