#include "manifests/options.h"

#include <algorithm>
#include <array>

#include "base/error.h"
#include "base/text.h"
#include "manifests/checks.h"
#include "manifests/schedule.h"

namespace lifeboat::manifests {
namespace {

using base::cat;
using base::Code;
using base::Error;

[[noreturn]] void refuse(std::string_view flag, std::string_view value, std::string_view problem,
                         std::string hint) {
  throw Error(Code::kInvalid, cat("--", flag, ": \"", base::printable(value, 60), "\" ", problem),
              std::move(hint));
}

// ---- The shape of single values ---------------------------------------------------------------

constexpr const char* kNameHint =
    "lower-case letters, digits and dashes, the first and the last a letter or digit";

struct NameRule {
  const char* flag;
  std::string Options::*value;
  bool (*fits)(std::string_view);
  std::size_t max;  // letters
  const char* hint;
};

bool is_cluster_name(std::string_view text) {
  const auto is_alphanumeric = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  };
  return is_alphanumeric(text.front()) && std::ranges::all_of(text, [&](char c) {
           return is_alphanumeric(c) || c == '.' || c == '_' || c == '-';
         });
}

// A volume there would hide what the image or the system has.
bool is_vault(std::string_view text) {
  if (is_bucket_url(text)) return true;
  if (!is_absolute_path(text)) return false;
  constexpr std::array kTaken{"/bin",  "/dev",     "/etc", "/host", "/lib",
                              "/proc", "/scratch", "/sys", "/usr"};
  return std::ranges::none_of(kTaken, [&](std::string_view taken) {
    return text == taken || text.starts_with(cat(taken, "/"));
  });
}

bool is_positive_quantity(std::string_view text) {
  const auto quantity = parse_quantity(text);
  return quantity && *quantity >= 1;
}

bool is_server_url(std::string_view text) { return parse_server_url(text).has_value(); }

bool is_link_base(std::string_view text) {
  const auto fits = [](char c) {
    return c > ' ' && c <= '~' &&
           std::string_view("\"'<>\\^`{|}").find(c) == std::string_view::npos;
  };
  return std::ranges::all_of(text, fits);
}

const std::array kNameRules = {
    NameRule{"cluster", &Options::cluster, &is_cluster_name, 100,
             "up to 100 letters, digits, '.', '_' and '-', the first a letter or digit"},
    NameRule{"namespace", &Options::namespace_name, &is_dns_label, 63, kNameHint},
    NameRule{"service-account", &Options::service_account, &is_dns_subdomain, 253, kNameHint},
    NameRule{"time-zone", &Options::time_zone, &is_time_zone, 60,
             "a name such as Europe/Berlin or Etc/UTC"},
    NameRule{"vault", &Options::vault, &is_vault, 200,
             "an absolute path of its own in the pod, such as /backups, or s3://BUCKET/PREFIX"},
    NameRule{"s3-secret", &Options::s3_secret, &is_dns_subdomain, 253, kNameHint},
    NameRule{"s3-endpoint", &Options::s3_endpoint, &is_server_url, 300,
             "the server's URL, such as https://s3.example:9000"},
    NameRule{"s3-region", &Options::s3_region, &is_label_value, 63,
             "letters, digits, '.', '_' and '-', such as eu-central-1"},
    NameRule{"s3-ca-configmap", &Options::s3_ca_configmap, &is_dns_subdomain, 253, kNameHint},
    NameRule{"scratch-size", &Options::scratch_size, &is_positive_quantity, 20,
             "sizes are written like 20Gi or 500Mi"},
    NameRule{"volume-size", &Options::volume_size, &is_positive_quantity, 20,
             "sizes are written like 20Gi or 500Mi"},
    NameRule{"volume-claim", &Options::volume_claim, &is_dns_subdomain, 253, kNameHint},
    NameRule{"storage-class", &Options::storage_class, &is_dns_subdomain, 253, kNameHint},
    NameRule{"image", &Options::image, &is_image, 500,
             "such as registry.example/team/lifeboat:1.0 or ...@sha256:..."},
    NameRule{"image-pull-secret", &Options::image_pull_secret, &is_dns_subdomain, 253, kNameHint},
    NameRule{"node-binary", &Options::node_binary, &is_absolute_path, 200,
             "the absolute path of the program on the nodes, such as /usr/local/bin/lifeboat"},
    NameRule{"etcd-secret", &Options::etcd_secret, &is_dns_subdomain, 253, kNameHint},
    NameRule{"etcd-ca-configmap", &Options::etcd_ca_configmap, &is_dns_subdomain, 253, kNameHint},
    NameRule{"copy-image", &Options::copy_image, &is_image, 500,
             "such as registry.example/openshift/cli:4.18"},
    NameRule{"inspect-image", &Options::inspect_image, &is_image, 500,
             "such as registry.example/ubi9/ubi:latest"},
    NameRule{"runbook-base", &Options::runbook_base, &is_link_base, 300,
             "the address or path that docs/ALERTS.md is found below"},
    NameRule{"environment", &Options::environment, &is_dns_label, 20, kNameHint},
    NameRule{"policy-namespace", &Options::policy_namespace, &is_dns_label, 63, kNameHint},
    NameRule{"cluster-set", &Options::cluster_set, &is_dns_label, 63, kNameHint},
};

void check_names(const Options& options) {
  for (const NameRule& rule : kNameRules) {
    const std::string& value = options.*rule.value;
    if (value.empty()) continue;
    if (value.size() > rule.max) {
      refuse(rule.flag, value, cat("is longer than ", rule.max, " characters"), rule.hint);
    }
    if (!rule.fits(value)) refuse(rule.flag, value, "is not one", rule.hint);
  }
}

void check_schedule(const Options& options) {
  try {
    Schedule::parse(options.schedule);
  } catch (const Error& error) {
    throw error.with_context("--schedule");
  }
}

void check_endpoints(const Options& options) {
  for (const std::string& endpoint : options.endpoints) {
    if (parse_endpoint(endpoint)) continue;
    refuse("endpoints", endpoint, "is not one", "such as https://10.0.0.5:2379");
  }
}

// ---- Maps -------------------------------------------------------------------------------------

constexpr std::array kResourceNames{"requests.cpu",
                                    "requests.memory",
                                    "limits.cpu",
                                    "limits.memory",
                                    "requests.ephemeral-storage",
                                    "limits.ephemeral-storage"};

void check_resources(const Options& options) {
  for (const auto& [name, value] : options.resources) {
    if (std::ranges::find(kResourceNames, name) == kResourceNames.end()) {
      refuse("resources", name, "is no resource", "such as requests.cpu=50m,limits.memory=128Mi");
    }
    const auto quantity = parse_quantity(value);
    if (!quantity || *quantity <= 0) {
      refuse("resources", cat(name, "=", value), "is no quantity above 0",
             "such as requests.cpu=50m,limits.memory=128Mi");
    }
  }
  for (const std::string resource : {"cpu", "memory", "ephemeral-storage"}) {
    const auto request = options.resources.find(cat("requests.", resource));
    const auto limit = options.resources.find(cat("limits.", resource));
    if (request == options.resources.end() || limit == options.resources.end()) continue;
    if (*parse_quantity(request->second) <= *parse_quantity(limit->second)) continue;
    refuse("resources", cat("requests.", resource, "=", request->second),
           cat("is more than the limit of ", limit->second), "raise the limit, too");
  }
}

// The owner of a prefix gives these a meaning, and the objects select each other by them.
bool is_reserved(std::string_view key) {
  const std::size_t slash = key.find('/');
  if (slash == key.npos) return false;
  const std::string_view prefix = key.substr(0, slash);
  return key == "app.kubernetes.io/name" || key == "app.kubernetes.io/component" ||
         prefix == "kubernetes.io" || prefix == "k8s.io" || prefix.ends_with(".k8s.io") ||
         (prefix.ends_with(".kubernetes.io") && prefix != "app.kubernetes.io");
}

void check_key(std::string_view flag, const std::string& key) {
  if (!is_label_key(key)) refuse(flag, key, "is no key", "such as team or example.com/team");
  if (is_reserved(key)) refuse(flag, key, "has a meaning of its own here", "choose another key");
}

void check_labels(const Options& options) {
  for (const auto& [key, value] : options.labels) {
    check_key("label", key);
    if (is_label_value(value)) continue;
    refuse("label", value, "is no value of a label",
           "at most 63 letters, digits, '.', '_' and '-'; anything else fits an --annotation");
  }
  std::size_t size = 0;
  for (const auto& [key, value] : options.annotations) {
    check_key("annotation", key);
    if (!is_one_line(value)) {
      refuse("annotation", value, "is not one line of readable text", "leave out the line breaks");
    }
    size += key.size() + value.size();
  }
  if (size > 32 * 1024) {
    throw Error(Code::kInvalid, "--annotation: all together are longer than 32 KiB");
  }
}

// ---- What fits together -----------------------------------------------------------------------

struct Misfit {
  bool happens;
  std::string message;
  std::string hint;
};

void check_misfits(const std::vector<Misfit>& misfits) {
  for (const Misfit& misfit : misfits) {
    if (misfit.happens) throw Error(Code::kInvalid, misfit.message, misfit.hint);
  }
}

bool is_k3s_or_rke2(Platform platform) {
  return platform == Platform::kK3s || platform == Platform::kRke2;
}

void check_modes(const Options& options) {
  const bool network = options.mode == Mode::kNetwork;
  check_misfits(
      {{network && options.method != "native",
        cat("--method ", options.method, " needs --mode control-plane"),
        "the script is on the control plane's nodes, which network mode does not touch"},
       {is_k3s_or_rke2(options.platform) && options.method != "native",
        cat("--method ", options.method, " needs --platform openshift"),
        "k3s and RKE2 have no such script"},
       {network && !options.node_binary.empty(), "--node-binary needs --mode control-plane",
        "network mode mounts nothing of a node: bring an --image that has the program"},
       {network && options.settled != "mark", "--settled needs --mode control-plane",
        "only there the node can be asked whether its control plane is changing"},
       {options.platform != Platform::kOpenShift && options.settled != "mark",
        "--settled needs --platform openshift", "it is about OpenShift's operators"},
       {!network && !options.etcd_secret.empty(), "--etcd-secret needs --mode network",
        "on a control plane node the certificates are read from the node"},
       {!network && !options.etcd_ca_configmap.empty(), "--etcd-ca-configmap needs --mode network",
        "on a control plane node the certificates are read from the node"},
       {network && options.etcd_secret.empty() != options.etcd_ca_configmap.empty(),
        "--etcd-secret and --etcd-ca-configmap go together",
        "name the Secret with tls.crt and tls.key, and the ConfigMap with ca-bundle.crt"}});
}

void check_bucket(const Options& options) {
  const bool bucket = is_in_bucket(options);
  const auto stray = [&](const std::string& value, const char* flag) {
    return Misfit{!bucket && !value.empty(), cat("--", flag, " needs --vault s3://BUCKET/PREFIX"),
                  "a volume has none of that"};
  };
  check_misfits(
      {stray(options.s3_secret, "s3-secret"),
       stray(options.s3_endpoint, "s3-endpoint"),
       stray(options.s3_region, "s3-region"),
       stray(options.s3_ca_configmap, "s3-ca-configmap"),
       stray(options.scratch_size, "scratch-size"),
       {bucket && options.s3_secret.empty(), "--s3-secret is needed for a bucket",
        "name the Secret with the files AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"},
       {bucket && !options.storage_class.empty(), "--storage-class has nothing to be the class of",
        "a vault in a bucket has no volume"},
       {bucket && options.volume_claim != Options().volume_claim,
        "--volume-claim has nothing to name", "a vault in a bucket has no volume"},
       {bucket && options.inspect_pod, "--inspect-pod has no volume to look at",
        "look from anywhere: lifeboat list --vault s3://BUCKET/PREFIX"}});
}

// In a policy they stand beside what ACM evaluates, and elsewhere in a file that others edit.
void check_recipients(const Options& options) {
  for (const std::string& recipient : options.encrypt_to) {
    const bool fits = recipient.starts_with("age1") && recipient.size() <= 200 &&
                      std::ranges::all_of(recipient, [](char c) {
                        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
                      });
    if (!fits) refuse("encrypt-to", recipient, "is no recipient of age", "such as age1...");
  }
}

void check_extras(const Options& options) {
  const bool copies = options.mode == Mode::kNetwork && options.etcd_secret.empty() &&
                      options.platform == Platform::kOpenShift &&
                      options.format != Format::kAcmPolicy;
  const bool policy = options.format == Format::kAcmPolicy;
  check_misfits(
      {{!options.copy_image.empty() && !copies, "--copy-image has nothing to copy here",
        "it copies OpenShift's own client certificate, in network mode without --etcd-secret; a "
        "policy needs no image for it"},
       {!options.inspect_image.empty() && !options.inspect_pod,
        "--inspect-image needs --inspect-pod", "give both"},
       {!options.runbook_base.empty() && !options.alerts, "--runbook-base needs --alerts",
        "give both"},
       {!options.environment.empty() && options.format == Format::kKubernetes,
        "--environment needs --format kustomize or acm-policy",
        "it makes an overlay, or a policy for the clusters of one environment"},
       {!options.policy_namespace.empty() && !policy,
        "--policy-namespace needs --format acm-policy", "leave it out"},
       {!options.cluster_set.empty() && !policy, "--cluster-set needs --format acm-policy",
        "leave it out"}});
}

void check_needed(const Options& options) {
  const bool policy = options.format == Format::kAcmPolicy;
  check_misfits({{options.image.empty(), "--image is needed: where the cluster pulls lifeboat from",
                  "such as --image registry.example/lifeboat:1.0"},
                 {options.cluster.empty() && !policy,
                  "--cluster is needed: what its backups are "
                  "called by in the vault",
                  "such as --cluster prod"}});
}

// What ACM would evaluate, on the hub or on each cluster.
void refuse_template(std::string_view flag, const std::string& value) {
  if (value.find("{{") == value.npos && value.find("}}") == value.npos) return;
  refuse(flag, value, "would be evaluated as a template by ACM", "leave out the double braces");
}

void check_templates(const Options& options) {
  if (options.format != Format::kAcmPolicy) return;
  for (const auto& [key, value] : options.annotations) refuse_template("annotation", value);
  refuse_template("runbook-base", options.runbook_base);
}

void set_default(std::string& value, std::string_view default_value) {
  if (value.empty()) value = default_value;
}

void fill_in(Options& options) {
  // Many clusters with one schedule would all come to the bucket at once.
  if (is_in_bucket(options) && !options.jitter) options.jitter = std::chrono::minutes(10);
  const bool legacy = options.rbac == Rbac::kLegacy;
  set_default(options.namespace_name, legacy ? "default" : "lifeboat");
  set_default(options.service_account, legacy ? "approver" : "etcd-backup");
  set_default(options.copy_image,
              "image-registry.openshift-image-registry.svc:5000/openshift/cli:latest");
  set_default(options.policy_namespace, "policies");
  set_default(options.cluster_set, "global");
  options.resources.insert({"requests.cpu", "50m"});
  options.resources.insert({"requests.memory", "64Mi"});
  options.resources.insert({"limits.memory", "128Mi"});
}

}  // namespace

bool is_in_bucket(const Options& options) { return options.vault.starts_with("s3://"); }

Options complete(Options options) {
  check_needed(options);
  check_names(options);
  check_schedule(options);
  check_endpoints(options);
  check_labels(options);
  check_modes(options);
  check_bucket(options);
  check_recipients(options);
  check_extras(options);
  check_templates(options);
  fill_in(options);
  check_resources(options);
  return options;
}

}  // namespace lifeboat::manifests
