#include "cli/restore_plan.h"

#include <algorithm>
#include <sstream>

#include "base/text.h"
#include "cli/snapshot_argument.h"
#include "etcd/membership.h"
#include "os/paths.h"

namespace lifeboat::cli {
namespace {

using base::cat;

constexpr std::string_view kHarmless =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_./:=,@+";

// As a shell reads it back.
std::string quoted(const std::string& word) {
  if (!word.empty() && word.find_first_not_of(kHarmless) == std::string::npos) return word;
  std::string result = "'";
  for (const char letter : word) result += letter == '\'' ? "'\\''" : std::string(1, letter);
  return result + "'";
}

// Flags that differ from what they are by default, on lines of their own.
class CommandText {
 public:
  explicit CommandText(const std::string& begin) : text_(begin) {}

  void flag(std::string_view name, const std::string& value, const std::string& usual = "") {
    if (value != usual) text_ += cat(" \\\n        --", name, " ", quoted(value));
  }
  void toggle(std::string_view name, bool given) {
    if (given) text_ += cat(" \\\n        --", name);
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

class Plan {
 public:
  explicit Plan(const RestorePlan& plan) : plan_(plan) {}

  std::string text() {
    head();
    stop_step();
    verify_step();
    restore_step();
    start_step();
    check_step();
    kubernetes_step();
    return out_.str();
  }

 private:
  void head() {
    out_ << "Restore of " << base::printable(plan_.argument);
    if (plan_.backup != nullptr) {
      const vault::Catalog& catalog = plan_.backup->catalog;
      out_ << ": backup " << catalog.id.text() << " of cluster " << catalog.cluster << ", etcd "
           << base::printable(catalog.etcd.version, 20);
      if (catalog.etcd.revision) out_ << ", revision " << *catalog.etcd.revision;
    }
    out_ << "\nThis is only the plan: nothing has been changed.\n";
  }

  void step(std::string_view title) { out_ << '\n' << ++number_ << ". " << title << '\n'; }
  void command(std::string_view text) { out_ << "\n    " << text << "\n\n"; }
  void say(std::string_view text) { out_ << "   " << text << '\n'; }

  bool one_member() const { return plan_.flags.all_members.empty(); }

  void stop_step() {
    step("Stop what writes to etcd, then etcd, on every machine of the old cluster.");
    command("systemctl stop etcd");
    say("With static pods (kubeadm): mkdir -p /etc/kubernetes/manifests.off");
    say("                            mv /etc/kubernetes/manifests/*.yaml "
        "/etc/kubernetes/manifests.off/");
    say("Expect: no process called etcd or kube-apiserver is left (pgrep -l 'etcd|kube-api').");
    say("If one is: crictl ps shows which container keeps it.");
  }

  // The same wherever the command is pasted.
  std::string real_path(const std::string& path) const {
    if (path.empty() || plan_.working_folder.empty()) return path;
    return os::absolute_path(plan_.working_folder, path);
  }

  // The backup by its id: `latest` may be another one when the plan is carried out.
  std::string snapshot() const {
    if (plan_.backup != nullptr) return plan_.backup->catalog.id.text();
    return plan_.argument == kStandardInput ? plan_.argument : quoted(real_path(plan_.argument));
  }

  S3Flags s3_flags() const {
    S3Flags flags = plan_.vault.s3;
    flags.cacert = real_path(flags.cacert);
    flags.credentials_dir = real_path(flags.credentials_dir);
    return flags;
  }

  // A command that reads the snapshot, with what leads to it and opens it.
  CommandText reading_command(std::string_view name) const {
    CommandText text(cat("lifeboat ", name, " ", snapshot()));
    const bool bucket = is_bucket(plan_.vault.vault);
    text.flag("vault", bucket ? plan_.vault.vault : real_path(plan_.vault.vault));
    text.flag("cluster", plan_.vault.cluster);
    if (bucket) {
      for (const auto& [flag, value] : s3_flags_in_use(s3_flags())) text.flag(flag, value);
    }
    for (const std::string& file : plan_.reading.identity_files) {
      text.flag("identity", real_path(file));
    }
    text.flag("passphrase-file", real_path(plan_.reading.passphrase_file));
    text.flag("scratch", real_path(plan_.reading.scratch));
    return text;
  }

  void verify_step() {
    if (plan_.argument == kStandardInput) return;
    step("Prove the backup where you restore it.");
    command(reading_command("verify").text());
    say("Expect: exit status 0 and \"ok\". If not: lifeboat list, and take the one before.");
  }

  void restore_step() {
    if (one_member()) {
      step(cat("Restore. This is for member ", base::printable(plan_.flags.name),
               "; on each other machine the same with its own --name."));
    } else {
      step("Restore the data directories of all members.");
    }
    command(restore_command());
    for (const backup::RestoreMember& member : plan_.options.members) {
      say(cat("Makes ", base::printable(real_path(member.target.data_dir), 1000), "/member."));
    }
    say(plan_.flags.replace
            ? "What is there is kept beside it as member.before-TIME."
            : "If there is a member folder already, it stops: --replace keeps that one beside it.");
    if (!one_member()) {
      say("Then bring each folder to its machine: rsync -a DIR/NAME/ MACHINE:/var/lib/etcd/");
    }
  }

  std::string restore_command() const {
    const RestoreFlags& flags = plan_.flags;
    const RestoreFlags usual;
    CommandText text = reading_command("restore");
    text.flag("name", flags.name, usual.name);
    if (one_member()) {
      text.flag("data-dir", real_path(plan_.options.members.front().target.data_dir));
    }
    text.flag("wal-dir", real_path(flags.wal_dir));
    text.flag("all-members", real_path(flags.all_members));
    text.flag("initial-cluster", flags.initial_cluster, usual.initial_cluster);
    text.flag("initial-cluster-token", flags.initial_cluster_token, usual.initial_cluster_token);
    text.flag("initial-advertise-peer-urls", flags.initial_advertise_peer_urls);
    text.flag("bump-revision", flags.bump_revision, usual.bump_revision);
    text.toggle("mark-compacted", flags.mark_compacted);
    text.flag("etcd-version", flags.etcd_version);
    text.flag("owner", flags.owner);
    text.toggle("replace", flags.replace);
    text.toggle("skip-hash-check", flags.skip_hash_check);
    text.toggle("force-corrupt", flags.force_corrupt);
    return text.text();
  }

  void start_step() {
    step("Start etcd on every machine, with the same names, URLs and token.");
    command("systemctl start etcd");
    say("With static pods: mv /etc/kubernetes/manifests.off/*.yaml /etc/kubernetes/manifests/");
    say("Expect: within a minute each member's log says that it has a leader.");
    say("\"failed to find local etcd member\" or \"cluster ID mismatch\": --initial-cluster or "
        "the");
    say("token were not the same on all machines; restore again with --replace.");
  }

  void check_step() {
    step("Check etcd.");
    const std::string etcdctl = cat("etcdctl --endpoints ", quoted(client_urls()));
    command(cat(etcdctl, " endpoint status -w table\n    ", etcdctl, " member list -w table"));
    if (client_urls().find("https://") != std::string::npos) {
      say("Before that, export ETCDCTL_CACERT, ETCDCTL_CERT and ETCDCTL_KEY, as for any other");
      say("etcdctl of this cluster.");
    }
    say("Expect: every member there, one leader, the same revision everywhere.");
    for (const etcd::RestoredMember& member :
         etcd::restored_cluster(plan_.options.initial_cluster).members) {
      say(cat(base::to_hex_id(member.id), "  ", base::printable(member.name), "  ",
              base::printable(base::join(member.peer_urls, ","))));
    }
  }

  // Of the members of the backup, where it has them; the default otherwise.
  std::string client_urls() const {
    std::vector<std::string> urls;
    if (plan_.backup != nullptr) {
      for (const vault::CatalogMember& member : plan_.backup->catalog.members) {
        for (const std::string& url : member.client_urls) urls.push_back(base::printable(url));
      }
    }
    return urls.empty() ? "http://127.0.0.1:2379" : base::join(urls, ",");
  }

  void kubernetes_step() {
    if (plan_.flags.bump_revision == "0") {
      step("If Kubernetes uses this etcd: restart everything that watches the API.");
      say("Revisions were not bumped, so controllers may hold newer ones than etcd now gives.");
    } else {
      step("If Kubernetes uses this etcd: restart the control plane and the kubelets.");
    }
    command("systemctl restart kubelet");
    say("Expect: kubectl get nodes shows every node Ready within some minutes. What was made "
        "after");
    say("the backup is unknown to the cluster now: containers of such pods are stopped.");
  }

  std::ostringstream out_;
  const RestorePlan& plan_;
  int number_ = 0;
};

}  // namespace

std::string restore_plan_text(const RestorePlan& plan) { return Plan(plan).text(); }

}  // namespace lifeboat::cli
