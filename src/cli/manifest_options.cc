#include "cli/manifest_options.h"

#include "base/error.h"
#include "base/text.h"
#include "codec/age_keys.h"

namespace lifeboat::cli {
namespace {

using base::cat;
using base::Code;
using base::Error;
using manifests::Options;

// ---- Declaring --------------------------------------------------------------------------------

void declare_what(FlagTable& flags, ManifestFlags* values) {
  Options& options = values->options;
  flags.group("What to print");
  flags.choice("format", {"kubernetes", "kustomize", "acm-policy"},
               "objects to apply, a folder for apply -k, or policies for a fleet", &values->format);
  flags.choice("platform", {"openshift", "kubernetes", "k3s", "rke2"}, "what kind of cluster it is",
               &values->platform);
  flags.choice("mode", {"control-plane", "network"},
               "where the backup runs: on a control plane node, with its files, or anywhere, with "
               "a client certificate and no other right",
               &values->mode);
  flags.text("render-dir", "DIR", "write the files into this folder instead of printing them",
             &values->render_dir);
  flags.text("environment", "NAME",
             "with kustomize an overlay over ../../base, made with the base's flags; with "
             "acm-policy policies of their own for clusters labelled environment=NAME",
             &options.environment);
}

void declare_objects(FlagTable& flags, ManifestFlags* values) {
  Options& options = values->options;
  flags.group("Objects");
  flags.text("namespace", "NAME", "the namespace (lifeboat; with --rbac legacy default)",
             &options.namespace_name);
  flags.text("service-account", "NAME",
             "the account of the pod (etcd-backup; with --rbac legacy approver)",
             &options.service_account);
  flags.choice("rbac", {"minimal", "legacy"},
               "the rights of the account: none but what the mode needs, or the names and rights "
               "that some fleets already have",
               &values->rbac);
  flags.list("label", "KEY=VALUE,...", "a label for every object", &values->labels);
  Flag& annotation =
      flags.list("annotation", "KEY=VALUE",
                 "an annotation for every object, one each time it is given", &values->annotations);
  // A comma is a part of the value.
  annotation.set = [values](const std::string& value) { values->annotations.push_back(value); };
  flags.toggle("alerts", "a PrometheusRule, too", &options.alerts);
  flags.text("runbook-base", "URL", "what docs/ALERTS.md is found below, for the alerts' links",
             &options.runbook_base);
  flags.toggle("inspect-pod", "a pod for looking around, with the volume read-only",
               &options.inspect_pod);
  flags.text("inspect-image", "IMAGE", "the image of that pod, with sleep in it, not lifeboat's",
             &options.inspect_image);
}

void declare_run(FlagTable& flags, ManifestFlags* values) {
  Options& options = values->options;
  flags.group("The job");
  flags.text("schedule", "CRON", "when: minute, hour, day of month, month, day of week",
             &options.schedule);
  flags.text(
      "time-zone", "ZONE",
      "of the schedule, by its IANA name; whether there is such a zone is for the cluster to know",
      &options.time_zone);
  flags.text("image", "IMAGE", "where the cluster pulls lifeboat from", &options.image);
  flags.text("image-pull-secret", "NAME", "the Secret with the registry's password",
             &options.image_pull_secret);
  flags.text("node-binary", "PATH",
             "use the program at this path on the nodes, and of the image only its files",
             &options.node_binary);
  flags.list("resources", "NAME=AMOUNT,...",
             "such as requests.cpu=50m,requests.memory=64Mi,limits.memory=128Mi (the defaults)",
             &values->resources);
}

// For lifeboat.yaml, as `lifeboat backup` has them.
void declare_delivery(FlagTable& flags, ManifestFlags* values) {
  flags.group("The files of a backup");
  flags.list("encrypt-to", "RECIPIENT", "encrypt for whoever has the key of this age recipient",
             &values->encrypt_to);
  flags
      .optional_duration("jitter", "wait up to this long, at random, before a backup begins",
                         &values->options.jitter)
      .default_value = "10m for a bucket";
}

void declare_bucket(FlagTable& flags, Options& options) {
  flags.group("Bucket (where the vault is s3://BUCKET/PREFIX)");
  flags.text("s3-secret", "NAME",
             "the Secret with the files AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
             &options.s3_secret);
  flags.text("s3-endpoint", "URL", "the server, where it is not Amazon's own",
             &options.s3_endpoint);
  flags.text("s3-region", "REGION", "the bucket's region", &options.s3_region);
  flags.text("s3-ca-configmap", "NAME",
             "the ConfigMap with ca-bundle.crt, the CA that signed the server's certificate",
             &options.s3_ca_configmap);
  flags.text("scratch-size", "SIZE",
             "how large the pod's folder for a snapshot on its way may be; as --volume-size if not "
             "given",
             &options.scratch_size);
}

void declare_volume(FlagTable& flags, Options& options) {
  flags.group("The volume");
  flags.text("volume-size", "SIZE", "how large it is", &options.volume_size);
  flags.text("storage-class", "NAME", "its class; the cluster's default one if not given",
             &options.storage_class);
  flags.text("volume-claim", "NAME", "the name of its claim", &options.volume_claim);
}

void declare_network(FlagTable& flags, Options& options) {
  flags.group("Network mode");
  flags.list("endpoints", "URL,...", "the members of the cluster, as many as there are",
             &options.endpoints);
  flags.text("etcd-secret", "NAME",
             "the Secret with tls.crt and tls.key (etcd-client; on OpenShift copied from "
             "openshift-etcd)",
             &options.etcd_secret);
  flags.text("etcd-ca-configmap", "NAME",
             "the ConfigMap with ca-bundle.crt (etcd-ca-bundle; on OpenShift copied, too)",
             &options.etcd_ca_configmap);
  flags.text("copy-image", "IMAGE", "an image with oc that copies them (OpenShift's own)",
             &options.copy_image);
}

void declare_fleet(FlagTable& flags, Options& options) {
  flags.group("Policies for a fleet");
  flags.text("policy-namespace", "NAME", "the namespace on the hub (policies)",
             &options.policy_namespace);
  flags.text("cluster-set", "NAME", "the set of clusters to choose from (global)",
             &options.cluster_set);
}

// ---- Taking -----------------------------------------------------------------------------------

std::map<std::string, std::string> take_pairs(std::string_view flag,
                                              const std::vector<std::string>& texts) {
  std::map<std::string, std::string> pairs;
  for (const std::string& text : texts) {
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0) {
      throw Error(Code::kInvalid, cat("--", flag, ": ", in_quotes(text), " is not NAME=VALUE"));
    }
    if (pairs.emplace(text.substr(0, equals), text.substr(equals + 1)).second) continue;
    throw Error(Code::kInvalid,
                cat("--", flag, ": ", in_quotes(text.substr(0, equals)), " is there twice"));
  }
  return pairs;
}

// As somebody would write it: in the largest unit that divides it.
std::string written(std::chrono::seconds duration) {
  const auto count = duration.count();
  if (count % 86400 == 0) return cat(count / 86400, "d");
  if (count % 3600 == 0) return cat(count / 3600, "h");
  return count % 60 == 0 ? cat(count / 60, "m") : cat(count, "s");
}

std::string written_size(std::uint64_t bytes) {
  constexpr std::uint64_t kGi = 1024 * 1024 * 1024;
  constexpr std::uint64_t kMi = 1024 * 1024;
  if (bytes % kGi == 0) return cat(bytes / kGi, "Gi");
  return bytes % kMi == 0 ? cat(bytes / kMi, "Mi") : std::to_string(bytes);
}

using Settings = std::vector<std::pair<std::string, std::string>>;

// Rules that are off need no line, but the first, which is on by default.
Settings retention_settings(const vault::RetentionPolicy& policy) {
  Settings settings{{"keep_last", std::to_string(policy.keep_last)}};
  const auto add = [&](const char* name, unsigned count) {
    if (count > 0) settings.emplace_back(name, std::to_string(count));
  };
  add("keep_hourly", policy.keep_hourly);
  add("keep_daily", policy.keep_daily);
  add("keep_weekly", policy.keep_weekly);
  add("keep_monthly", policy.keep_monthly);
  add("keep_yearly", policy.keep_yearly);
  if (policy.keep_within) settings.emplace_back("keep_within", written(*policy.keep_within));
  if (policy.max_size_bytes) {
    settings.emplace_back("max_size", written_size(*policy.max_size_bytes));
  }
  return settings;
}

void add_script_timeout(const MethodOptions& method, Settings& settings) {
  if (method.script_timeout == MethodOptions().script_timeout) return;
  if (method.method == "native") {
    throw Error(Code::kInvalid, "--script-timeout needs --method script or auto");
  }
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(method.script_timeout);
  settings.emplace_back("script_timeout", written(seconds));
}

}  // namespace

void declare_manifest_flags(FlagTable& flags, ManifestFlags* values) {
  Options& options = values->options;
  declare_what(flags, values);
  declare_vault_name_flags(flags, &values->vault);
  declare_run(flags, values);
  declare_method_flags(flags, &values->method);
  declare_script_flags(flags, &values->method);
  declare_volume(flags, options);
  declare_bucket(flags, options);
  declare_delivery(flags, values);
  declare_retention_flags(flags, &values->retention);
  declare_network(flags, options);
  declare_objects(flags, values);
  declare_fleet(flags, options);
}

Options make_manifest_options(const ManifestFlags& values) {
  using manifests::Format;
  using manifests::Mode;
  using manifests::Platform;
  using manifests::Rbac;
  Options options = values.options;
  options.format = values.format == "kustomize"    ? Format::kKustomize
                   : values.format == "acm-policy" ? Format::kAcmPolicy
                                                   : Format::kKubernetes;
  options.platform = values.platform == "openshift" ? Platform::kOpenShift
                     : values.platform == "k3s"     ? Platform::kK3s
                     : values.platform == "rke2"    ? Platform::kRke2
                                                    : Platform::kKubernetes;
  options.mode = values.mode == "network" ? Mode::kNetwork : Mode::kControlPlane;
  options.rbac = values.rbac == "legacy" ? Rbac::kLegacy : Rbac::kMinimal;
  options.vault = values.vault.vault;
  options.cluster = values.vault.cluster;
  for (const std::string& recipient : values.encrypt_to) {
    options.encrypt_to.push_back(codec::Recipient::parse(recipient).text());
  }
  options.method = values.method.method;
  options.settled = values.method.settled;
  options.script_timeout = std::chrono::ceil<std::chrono::seconds>(values.method.script_timeout);
  options.resources = take_pairs("resources", values.resources);
  options.labels = take_pairs("label", values.labels);
  options.annotations = take_pairs("annotation", values.annotations);
  options.settings = retention_settings(values.retention);
  add_script_timeout(values.method, options.settings);
  return options;
}

}  // namespace lifeboat::cli
