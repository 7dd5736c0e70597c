#include "cli/topics.h"

#include <algorithm>

namespace lifeboat::cli {
namespace {

constexpr Topic kTopics[] = {
    {.name = "vault",
     .summary = "where backups are, and what lies there",
     .text =
         R"(A vault is a folder, usually a mounted volume, or a bucket, s3://BUCKET/PREFIX. It
is there before the first run: a missing mount point must not become a folder on the
wrong disk. One vault holds
backups of any number of clusters:

  lifeboat list --vault /backups

Each cluster has a folder of its own, and each backup one in that:

  VAULT/CLUSTER/backups/2026-11-21_060000/
    snapshot_2026-11-21_060000.db                    etcd's database
    static_kuberesources_2026-11-21_060000.tar.gz    the control plane's files
    backup.json                                      the catalog, written last
    pinned                                           there while it is pinned

The folder's name is the backup's id, the UTC time at which it was begun; "latest" means the
newest one, and fails, naming it, if its catalog can't be read. A folder without a catalog is no
backup: its run did not come to an end, and the next one removes it. Names that are not of this
form are somebody else's, and left alone.

Nothing binds a backup to lifeboat: etcdutl restores the snapshot, OpenShift's
cluster-restore.sh takes the folder, the catalog is JSON. What is compressed ends in .zst and
opens with zstd -d, what is encrypted ends in .age and opens with age -d.

One run at a time writes to a cluster's part of a vault; another one ends with status 7. Reading
needs no lock.

See docs/formats/vault.md, docs/BUCKETS.md.)"},
    {.name = "restore",
     .summary = "from a backup to a cluster that serves",
     .text =
         R"(Rehearse it before the bad day; a drill starts the real etcd on the backup and
touches nothing but a folder of its own:

  lifeboat drill latest --vault /backups

On the day, have every step printed with real paths for the flags at hand; this changes nothing:

  lifeboat restore latest --vault /backups --data-dir /var/lib/etcd --replace --plan

Stop the API servers and etcd on every control-plane node first, and never start one member on
old data beside one on restored data. All members are restored from the same backup with the
same --initial-cluster and --initial-cluster-token, or in one run with --all-members. What was
there is kept beside with --replace, never deleted.

Kubernetes' watchers must not see a revision twice, so revisions go up by 1000000000 where the
backup holds Kubernetes objects.

Only a few objects are lost? Then a restore of the whole cluster, which takes all the others
back in time as well, is most likely not what you want.

See docs/RECOVERY.md, the runbook for OpenShift, kubeadm and plain etcd.)"},
    {.name = "retention",
     .summary = "which backups are kept, and which go",
     .text =
         R"(A backup is kept if any rule keeps it: --keep-last 5 (the default) the newest five,
--keep-daily 7 the newest one of each of the newest seven days that have one, and so
for hours, weeks, months and years; --keep-within 30d all that are at most that much
older than the newest. 0 turns a rule off. Days are those of UTC, and no rule looks
at a clock: a cluster that took no backup for a month loses none.

Afterwards --max-size removes the oldest until the rest fits.

The newest proven backup always stays, whatever the rules say, and so do those that are pinned:

  lifeboat pin 2026-11-21_060000 --vault /backups

Retention runs after a new backup is safe. Only where the volume is too small for both goes
first what would go anyway. See what would happen:

  lifeboat prune --vault /backups --keep-last 3 --dry-run

With several vaults each may have rules of its own: --vault '/backups?keep-last=3' --also-to
's3://etcd-backups/prod?keep-last=30'.)"},
    {.name = "encryption",
     .summary = "who may read a backup, and with what",
     .text =
         R"(A backup holds every Secret of its cluster, in plain unless the API server encrypts
them, and the static pod resources hold the keys for that. What leaves the cluster
should be sealed.

  lifeboat keygen --key-file prod.key
  lifeboat backup --vault /backups --cluster prod --encrypt-to age1...

keygen prints the recipient, age1..., which is public: it can seal and never open, so that is
all that the machine which takes backups knows. The key file opens; keep it in two places that
do not share the cluster's fate. Without it nobody reads the backups again.

--encrypt-to may be given again: any one of the keys opens. --encrypt-resources-to names others
for the static pod resources. The format is age's (age-encryption.org/v1).

verify, restore, drill, export and copy take --identity prod.key. verify without a key compares
the stored bytes with the catalog, and says that this was all. The catalog itself is readable
for everybody: names, sizes, hashes and addresses.

Where the newest backup of a vault is encrypted, a run that would put a plain one beside it is
refused, unless --allow-plain says that it is meant.

See docs/ENCRYPTION.md.)"},
};

}  // namespace

std::span<const Topic> all_topics() { return kTopics; }

const Topic* find_topic(std::string_view name) {
  const auto* const found = std::ranges::find(kTopics, name, &Topic::name);
  return found == std::end(kTopics) ? nullptr : found;
}

}  // namespace lifeboat::cli
