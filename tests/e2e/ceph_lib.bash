# shellcheck shell=bash
# What the tests of Ceph's S3 gateway share: OpenShift Data Foundation stores objects with it.
source "$(dirname "${BASH_SOURCE[0]}")/bucket_tour.bash"

[ -x "$root/build/ceph/usr/bin/radosgw" ] || skip 'Ceph is not there: scripts/setup --ceph'

ceph_id=6c696665-626f-6174-0000-000000000001

# All that a cluster of one monitor, one disk (in memory) and one gateway has to be told. A gateway
# asks for encryption on its way to the monitor, for which there are no keys.
configure_ceph() {
  local libraries
  libraries=$(echo "$root"/build/ceph/usr/lib/*-linux-gnu)
  mkdir -p "$work/ceph/osd"
  export CEPH_CONF=$work/ceph/ceph.conf
  cat >"$CEPH_CONF" <<CONFIG
[global]
fsid = $ceph_id
mon_host = v2:127.0.0.1:$1
public_addr = 127.0.0.1
mon_data = $work/ceph/mon
mon_data_avail_warn = 0
mon_data_avail_crit = 0
mon_cluster_log_file = $work/ceph/cluster.log
mon_allow_pool_size_one = true
paxos_propose_interval = 0.05
osd_data = $work/ceph/osd
osd_objectstore = memstore
memstore_device_bytes = 4294967296
osd_crush_chooseleaf_type = 0
osd_pool_default_size = 1
osd_pool_default_pg_num = 1
osd_pool_default_pg_autoscale_mode = off
auth_cluster_required = none
auth_service_required = none
auth_client_required = none
ms_mon_client_mode = crc
run_dir = $work/ceph
crash_dir = $work/ceph
admin_socket =
log_file = $work/ceph/\$name.log
plugin_dir = $libraries/ceph
erasure_code_dir = $libraries/ceph/erasure-code
osd_class_dir = $libraries/rados-classes
rgw_frontends = beast endpoint=127.0.0.1:$2
rgw_dns_name = s3.test
rgw_bucket_quota_ttl = 0
rgw_user_quota_bucket_sync_interval = 0
rgw_init_timeout = 60
CONFIG
}

# make_user NAME KEY SECRET
make_user() {
  ceph_program radosgw-admin user create --uid "$1" --display-name "$1" --access-key "$2" \
    --secret-key "$3" >"$work/out" 2>"$work/err" || wrong "there is no user $1"
}

# A gateway with a user and a bucket, which is the vault from here on.
start_ceph() {
  local monitor
  take_port && monitor=$port
  take_port
  configure_ceph "$monitor" "$port"
  quietly ceph_program monmaptool --create --addv a "v2:127.0.0.1:$monitor" \
    --fsid "$ceph_id" "$work/ceph/monitors"
  quietly ceph_program ceph-mon --mkfs -i a --monmap "$work/ceph/monitors"
  ceph_program ceph-mon -f -i a >"$work/ceph/mon.out" 2>&1 &
  quietly ceph_program ceph-osd --mkfs -i 0
  ceph_program ceph-osd -f -i 0 >"$work/ceph/osd.out" 2>&1 &
  ceph_program radosgw -f -n client.rgw >"$work/ceph/rgw.out" 2>&1 &
  make_user owner KEY secret
  wait_until port_is_taken "$port"
  use_server "http://127.0.0.1:$port" KEY secret
  ask_s3 PUT /bucket </dev/null
}
