#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Downloads: from a file and from a server on this machine; what is wrong is refused and leaves nothing behind.
. "$(dirname "${BASH_SOURCE[0]}")/_lib.sh"

export XDG_CACHE_HOME=$work/cache
cache=$XDG_CACHE_HOME/sable
mkdir -p web "$cache" tmp
export TMPDIR=$work/tmp
unset SABLE_DATA http_proxy https_proxy all_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY
export no_proxy='*'

samples table 200 4 1
cp table.csv web/
gzip -k web/table.csv
sum=$(sha256sum <table.csv | cut -d' ' -f1)
head -c 900 web/table.csv.gz >web/cut.csv.gz
{ cat web/table.csv.gz && echo more; } >web/longer.csv.gz
head -c 20000000 /dev/zero | gzip -9 >web/zeros.gz
sed '2s/1/2/' table.csv >web/changed.csv

demo() { # URL, digest, more options
    local url=$1 digest=$2
    shift 2
    sable demo --data "$url" --sha256 "$digest" --label class --id name --no-baseline "$@"
}

# A server of files that also breaks off in the middle (/partial), redirects and answers with errors.
cat >server.py <<'PYTHON'
import http.server, os, sys

class Handler(http.server.SimpleHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/partial":
            body = open("web/table.csv", "rb").read()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[: len(body) // 2])
            self.close_connection = True
        elif self.path == "/endless":
            self.send_response(200)
            self.end_headers()
            for _ in range(1000):
                self.wfile.write(b"0" * 1000)
        elif self.path == "/there":
            self.redirect("/web/table.csv.gz")
        elif self.path == "/local":
            self.redirect("file://" + os.getcwd() + "/web/table.csv")
        elif self.path == "/round":
            self.redirect("/round")
        elif self.path == "/busy":
            self.send_error(503)
        else:
            super().do_GET()

    def redirect(self, target):
        self.send_response(302)
        self.send_header("Location", target)
        self.end_headers()

    def log_message(self, *arguments):
        pass

server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_address[1], flush=True)
server.serve_forever()
PYTHON
python3 server.py >port 2>/dev/null &
server=$!
trap 'kill $server 2>/dev/null || true; rm -rf "$work"' EXIT
for _ in $(seq 100); do
    [ -s port ] && break
    sleep 0.1
done
[ -s port ] || fail "the server does not start"
web=http://127.0.0.1:$(cat port)

# ---- what must work ----
for url in "file://$work/web/table.csv" "$web/web/table.csv" "$web/web/table.csv.gz" "$web/there"; do
    rm -f "$cache"/*
    quietly demo "$url" "$sum"
    [ "$(ls "$cache")" = "$sum" ] || fail "$url: the cache holds $(ls "$cache")"
done
cmp "$cache/$sum" web/table.csv.gz || fail "the cached file is not what the server sent"
quietly demo "$web/no-longer-there" "$sum" # from the cache
quietly demo "$web/no-longer-there" "${sum^^}"
echo x >>"$cache/$sum" # a damaged cache is noticed and replaced
quietly demo "$web/web/table.csv.gz" "$sum"
cmp "$cache/$sum" web/table.csv.gz || fail "the damaged file stays in the cache"

# ---- what must not ----
rm -f "$cache"/*
refused 4 'SHA-256' demo "$web/web/changed.csv" "$sum"
refused 4 'SHA-256' demo "file://$work/web/changed.csv" "$sum"
refused 4 'truncated' demo "$web/web/cut.csv.gz" "$sum"
refused 4 'follow the end' demo "$web/web/longer.csv.gz" "$sum"
refused 3 '' demo "$web/partial" "$sum"
refused 3 '404' demo "$web/web/none.csv" "$sum"
refused 3 '503' demo "$web/busy" "$sum"
refused 3 '' demo "file://$work/web/none.csv" "$sum"
refused 3 '' demo "$web/local" "$sum"
refused 3 '' demo "$web/round" "$sum"
refused 3 '' demo http://127.0.0.1:1/table.csv "$sum" # nobody listens
refused 1 '100 bytes' demo "$web/web/table.csv" "$sum" --most-bytes 100
refused 1 '1000 bytes' demo "$web/endless" "$sum" --most-bytes 1000
refused 1 'larger than' demo "$web/web/zeros.gz" "$sum" --most-bytes 100K # small, but not unpacked
refused 2 'hexadecimal' demo "$web/web/table.csv" "${sum:1}"
refused 2 'URL' demo table.csv "$sum"

# ---- MNIST from a mirror ----
refused 2 'URL' sable demo --data mnist-3v8 --mirror "$work/web"
refused 3 'set SABLE_DATA to it' sable demo --data mnist-3v8 --mirror "$web/none"
cp web/table.csv.gz web/train-images-idx3-ubyte.gz
refused 4 'SHA-256' sable demo --data mnist-3v8 --mirror "$web/web"
[ -z "$(ls -A "$cache")" ] || fail "refused downloads left $(ls -A "$cache")"
refused 3 'absolute' env -u XDG_CACHE_HOME -u HOME "$SABLE_BIN" demo --data mnist-3v8 --mirror "$web/none"
[ -z "$(ls -A tmp)" ] || fail "temporary folders are left: $(ls -A tmp)"
echo "download: all checks passed"
