# The private certificate authority, one certificate per service, and the keys
# that sign tokens. Made once; certificates are renewed 30 days before they end.

CERTIFICATE_DAYS=825
TOKEN_KEYS=(tenant-2026a device-2026a)

still_good() { openssl x509 -in "$1" -noout -checkend $((86400 * 30)) >/dev/null 2>&1; }

ec_key() { (umask 077 && openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1" 2>/dev/null); }

make_ca() {
  still_good "$CERT_DIR/ca.pem" && [ -s "$CERT_DIR/ca.key" ] && return
  ec_key "$CERT_DIR/ca.key"
  openssl req -x509 -new -key "$CERT_DIR/ca.key" -sha256 -days "$CERTIFICATE_DAYS" \
    -subj "/O=CartWise Cloud/CN=CartWise development CA" \
    -addext "basicConstraints=critical,CA:TRUE,pathlen:0" \
    -addext "keyUsage=critical,keyCertSign,cRLSign" -out "$CERT_DIR/ca.pem"
  # What an earlier authority signed is worth nothing now.
  rm -f "$CERT_DIR"/*-svc.pem
}

# make_certificate NAME: CN and SAN are the service's name; good for both ends of mutual TLS.
make_certificate() {
  local name=$1 pem=$CERT_DIR/$1.pem key=$CERT_DIR/$1.key request
  still_good "$pem" && [ -s "$key" ] && return
  ec_key "$key"
  request=$(openssl req -new -key "$key" -subj "/O=CartWise Cloud/CN=$name")
  openssl x509 -req -in <(printf '%s\n' "$request") -CA "$CERT_DIR/ca.pem" -CAkey "$CERT_DIR/ca.key" \
    -set_serial "0x$(openssl rand -hex 16)" -sha256 -days "$CERTIFICATE_DAYS" -out "$pem" \
    -extfile <(
      printf 'basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\n'
      printf 'extendedKeyUsage=serverAuth,clientAuth\n'
      printf 'subjectAltName=DNS:%s,DNS:localhost,IP:127.0.0.1\n' "$name"
    ) 2>/dev/null
}

# The stem of the file is the key id (kid) in the tokens; its first word the
# service that signs, which has a folder of its own.
make_token_key() {
  local folder=$KEY_DIR/${1%%-*}
  mkdir -p "$folder"
  [ ! -s "$folder/$1.pem" ] || return 0
  (umask 077 && openssl genpkey -algorithm ed25519 -out "$folder/$1.pem")
  openssl pkey -in "$folder/$1.pem" -pubout -out "$KEY_DIR/public/$1.pem"
}

# make_identities: everything that proves who somebody is.
make_identities() {
  local name
  make_ca
  for name in "${SERVICES[@]}"; do make_certificate "$name"; done
  for name in "${TOKEN_KEYS[@]}"; do make_token_key "$name"; done
  # Phone numbers are encrypted and looked up with it; without it they are lost.
  [ -s "$KEY_DIR/private/phone.key" ] || (umask 077 && openssl rand -hex 32 >"$KEY_DIR/private/phone.key")
  chmod 600 "$CERT_DIR"/*.key "$KEY_DIR"/{private,tenant,device}/*
}
