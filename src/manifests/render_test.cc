// What must hold of every manifest, whatever the options: looked up in the objects, and in what a
// reader makes of their text.
#include "manifests/render.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>

#include "base/error.h"
#include "base/text.h"
#include "base/units.h"

namespace lifeboat::manifests {
namespace {

using base::cat;
using base::Json;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

Options options_for(Platform platform, Mode mode, std::string method = "native") {
  Options options;
  options.platform = platform;
  options.mode = mode;
  options.method = std::move(method);
  options.cluster = "prod";
  options.image = "registry.example/lifeboat:1.0";
  return options;
}

const Options kOpenShift = options_for(Platform::kOpenShift, Mode::kControlPlane);
const Options kOpenShiftNetwork = options_for(Platform::kOpenShift, Mode::kNetwork);
const Options kKubernetes = options_for(Platform::kKubernetes, Mode::kControlPlane);
const Options kKubernetesNetwork = options_for(Platform::kKubernetes, Mode::kNetwork);

// All that there is to combine.
std::vector<Options> every_combination() {
  std::vector<Options> all;
  for (const Platform platform : {Platform::kOpenShift, Platform::kKubernetes}) {
    for (const Mode mode : {Mode::kControlPlane, Mode::kNetwork}) {
      for (const char* method : {"native", "auto", "script"}) {
        if (mode == Mode::kNetwork && method != std::string("native")) continue;
        for (unsigned bits = 0; bits < 8; ++bits) {
          Options options = options_for(platform, mode, method);
          options.alerts = (bits & 1) != 0;
          options.inspect_pod = (bits & 2) != 0;
          options.rbac = (bits & 4) != 0 ? Rbac::kLegacy : Rbac::kMinimal;
          all.push_back(options);
        }
      }
    }
  }
  return all;
}

// "spec/jobTemplate/spec": what is there; null if nothing is.
Json at(const Json& value, const std::string& path) {
  Json current = value;
  for (const std::string& name : base::split(path, '/')) {
    const auto index =
        current.as_array() != nullptr ? std::optional(std::stoul(name)) : std::nullopt;
    if (index) {
      const Json element =
          *index < current.as_array()->size() ? (*current.as_array())[*index] : Json();
      current = element;
      continue;
    }
    const Json* member = current.find(name);
    const Json next = member == nullptr ? Json() : *member;
    current = next;
  }
  return current;
}

std::string text(const Json& value) {
  return value.as_string() != nullptr ? *value.as_string() : value.dump(0);
}

Json::Array elements(const Json& array) { return *array.as_array(); }

std::vector<std::string> kinds(const Objects& objects) {
  std::vector<std::string> names;
  for (const Object& object : objects) {
    names.push_back(
        cat(text(at(object.value, "kind")), "/", text(at(object.value, "metadata/name"))));
  }
  return names;
}

Objects objects_of(const Options& options) { return cluster_objects(make_plan(options)); }

Json find(const Options& options, const std::string& kind, const std::string& name) {
  for (const Object& object : objects_of(options)) {
    if (text(at(object.value, "kind")) != kind) continue;
    if (text(at(object.value, "metadata/name")) == name) return object.value;
  }
  return {};
}

Json backup_spec(const Options& options) {
  return at(find(options, "CronJob", "etcd-backup"), "spec/jobTemplate/spec/template/spec");
}

std::vector<std::string> volume_kinds(const Json& pod) {
  std::vector<std::string> found;
  for (const Json& volume : elements(at(pod, "volumes"))) {
    found.push_back(volume.as_object()->back().first);
  }
  return found;
}

// ---- Rights -----------------------------------------------------------------------------------

TEST(Manifests, OnAControlPlaneAskForTwoFoldersAndTheNetwork) {
  for (const Options& options : {kOpenShift, kKubernetes}) {
    const Json pod = backup_spec(options);
    EXPECT_THAT(volume_kinds(pod), ElementsAre("persistentVolumeClaim", "configMap", "hostPath"));
    EXPECT_EQ(text(at(pod, "volumes/2/hostPath/path")), "/etc/kubernetes");
    EXPECT_EQ(text(at(pod, "containers/0/volumeMounts/2/mountPath")), "/host/etc/kubernetes");
    EXPECT_EQ(at(pod, "containers/0/volumeMounts/2/readOnly").as_bool(), true);
    EXPECT_EQ(at(pod, "hostNetwork").as_bool(), true);
    EXPECT_TRUE(at(pod, "hostPID").is_null());
    EXPECT_EQ(at(pod, "securityContext/runAsUser").as_int(), 0);
  }
}

TEST(Manifests, OnK3sAndRke2AskForWhatIsStoredAndNotForTheDataOfEtcd) {
  for (const Platform platform : {Platform::kK3s, Platform::kRke2}) {
    const std::string name = platform == Platform::kK3s ? "k3s" : "rke2";
    const Json pod = backup_spec(options_for(platform, Mode::kControlPlane));
    std::vector<std::string> paths;
    for (const Json& volume : elements(at(pod, "volumes"))) {
      if (volume.find("hostPath") == nullptr) continue;
      paths.push_back(text(at(volume, "hostPath/path")));
    }
    const std::string server = cat("/var/lib/rancher/", name, "/server");
    EXPECT_THAT(paths, ElementsAre(server + "/tls", server + "/cred", server + "/token"));
    for (const char* mount : {"2", "3", "4"}) {
      const Json one = at(pod, cat("containers/0/volumeMounts/", mount));
      EXPECT_THAT(text(at(one, "mountPath")), ::testing::StartsWith("/host" + server));
      EXPECT_EQ(at(one, "readOnly").as_bool(), true);
    }
    EXPECT_THAT(at(pod, "affinity").dump(0), HasSubstr("node-role.kubernetes.io/etcd"));
    EXPECT_THAT(at(pod, "affinity").dump(0), Not(HasSubstr("control-plane")));
    EXPECT_THAT(at(pod, "tolerations").dump(0), HasSubstr("CriticalAddonsOnly"));
    EXPECT_THAT(render_stream(options_for(platform, Mode::kControlPlane)),
                HasSubstr(cat("    platform: ", name, "\n")));
    EXPECT_THAT(render_stream(options_for(platform, Mode::kNetwork)),
                HasSubstr(server + "/tls/etcd/client.key"));
  }
}

TEST(Manifests, DropEverythingUnlessTheScriptNeedsIt) {
  for (const Options& options : every_combination()) {
    const Json security = at(backup_spec(options), "containers/0/securityContext");
    const bool script = options.method != "native";
    EXPECT_EQ(at(security, "privileged").as_bool(), script);
    EXPECT_EQ(at(security, "readOnlyRootFilesystem").as_bool(), true);
    if (script) continue;
    EXPECT_EQ(at(security, "allowPrivilegeEscalation").as_bool(), false);
    EXPECT_EQ(text(at(security, "capabilities/drop/0")), "ALL");
  }
}

TEST(Manifests, MountTheNodesRootForTheScriptAloneAndSaySo) {
  for (const char* method : {"script", "auto"}) {
    const Options options = options_for(Platform::kOpenShift, Mode::kControlPlane, method);
    EXPECT_EQ(text(at(backup_spec(options), "volumes/2/hostPath/path")), "/");
    EXPECT_THAT(render_stream(options), HasSubstr("# --method script and auto run"));
  }
  EXPECT_THAT(render_stream(kOpenShift), Not(HasSubstr("privileged: true")));
  EXPECT_THAT(render_stream(kOpenShift), Not(HasSubstr("path: /\n")));
}

TEST(Manifests, OverTheNetworkFitTheRestrictedProfile) {
  for (const Options& options : every_combination()) {
    if (options.mode != Mode::kNetwork) continue;
    const Json pod = backup_spec(options);
    EXPECT_THAT(volume_kinds(pod),
                ElementsAre("persistentVolumeClaim", "configMap", "secret", "configMap"));
    for (const char* host : {"hostNetwork", "hostPID", "hostIPC"})
      EXPECT_TRUE(at(pod, host).is_null());
    EXPECT_EQ(at(pod, "securityContext/runAsNonRoot").as_bool(), true);
    EXPECT_EQ(text(at(pod, "securityContext/seccompProfile/type")), "RuntimeDefault");
    EXPECT_EQ(text(at(pod, "containers/0/securityContext/capabilities/drop")), "[\"ALL\"]");
  }
  EXPECT_EQ(at(backup_spec(kKubernetesNetwork), "securityContext/runAsUser").as_int(), 65532);
  EXPECT_EQ(at(backup_spec(kKubernetesNetwork), "securityContext/fsGroup").as_int(), 65532);
  // restricted-v2 refuses an id that is not of the namespace's range, and chooses one itself.
  EXPECT_TRUE(at(backup_spec(kOpenShiftNetwork), "securityContext/runAsUser").is_null());
}

TEST(Manifests, GiveNoPodOfABackupAToken) {
  for (const Options& options : every_combination()) {
    EXPECT_EQ(at(backup_spec(options), "automountServiceAccountToken").as_bool(), false);
  }
}

TEST(Manifests, LabelTheNamespaceForWhatRunsInIt) {
  const auto profile = [](const Options& options) {
    const Json labels = at(find(options, "Namespace", "lifeboat"), "metadata/labels");
    return *labels.find("pod-security.kubernetes.io/enforce")->as_string();
  };
  EXPECT_EQ(profile(kOpenShift), "privileged");
  EXPECT_EQ(profile(kKubernetes), "privileged");
  EXPECT_EQ(profile(kOpenShiftNetwork), "restricted");
  EXPECT_EQ(profile(kKubernetesNetwork), "restricted");
}

TEST(Manifests, HaveRightsOnlyWhereTheModeNeedsSome) {
  const auto rights = [](const Options& options) {
    std::vector<std::string> found;
    for (const std::string& name : kinds(objects_of(options))) {
      if (name.find("Role") != name.npos || name.starts_with("Security")) found.push_back(name);
    }
    return found;
  };
  EXPECT_THAT(rights(kKubernetes), IsEmpty());
  EXPECT_THAT(rights(kKubernetesNetwork), IsEmpty());
  EXPECT_THAT(rights(kOpenShift), ElementsAre("SecurityContextConstraints/lifeboat-control-plane",
                                              "Role/use-lifeboat-control-plane",
                                              "RoleBinding/use-lifeboat-control-plane"));
  // For the copy of the client certificate, not for the backup.
  EXPECT_THAT(rights(kOpenShiftNetwork),
              ElementsAre("Role/etcd-client-copy", "RoleBinding/etcd-client-copy",
                          "Role/etcd-client-copy", "RoleBinding/etcd-client-copy"));
  Options own = kOpenShiftNetwork;
  own.etcd_secret = own.etcd_ca_configmap = "mine";
  EXPECT_THAT(rights(own), IsEmpty());
}

TEST(Manifests, CopyExactlyTwoThings) {
  for (const Object& object : objects_of(kOpenShiftNetwork)) {
    if (text(at(object.value, "kind")) != "Role") continue;
    for (const Json& rule : elements(at(object.value, "rules"))) {
      EXPECT_EQ(at(rule, "resourceNames").as_array()->size(), 1u);
      const bool source = text(at(object.value, "metadata/namespace")) == "openshift-etcd";
      EXPECT_EQ(at(rule, "verbs").dump(0), source ? "[\"get\"]" : "[\"get\",\"patch\"]");
    }
  }
}

TEST(Manifests, HaveTheKnownNamesAndRightsForThoseWhoAsk) {
  Options options = kOpenShift;
  options.rbac = Rbac::kLegacy;
  EXPECT_THAT(kinds(objects_of(options)), Not(Contains("Namespace/default")));
  EXPECT_THAT(kinds(objects_of(options)), Contains("ServiceAccount/approver"));
  const Json binding = find(options, "ClusterRoleBinding", "cluster-admin-approver-sa-crb");
  EXPECT_EQ(text(at(binding, "subjects/0/namespace")), "default");
  const Json role = find(options, "ClusterRole", text(at(binding, "roleRef/name")));
  EXPECT_EQ(at(role, "rules/0/resources").dump(0) + at(role, "rules/0/verbs").dump(0),
            "[\"nodes\"][\"get\",\"list\"]");
  EXPECT_EQ(at(role, "rules/1/resources").dump(0) + at(role, "rules/1/verbs").dump(0),
            "[\"pods\",\"pods/log\"][\"get\",\"list\",\"create\",\"delete\",\"watch\"]");
}

// A pod is refused unless it asks for exactly what its constraint allows.
TEST(Manifests, HaveAConstraintThatThePodFits) {
  for (const char* method : {"native", "script", "auto"}) {
    const Options options = options_for(Platform::kOpenShift, Mode::kControlPlane, method);
    const Json job = at(find(options, "CronJob", "etcd-backup"), "spec/jobTemplate/spec/template");
    const Json annotations = at(job, "metadata/annotations");
    const std::string name = *annotations.find("openshift.io/required-scc")->as_string();
    const Json constraint = find(options, "SecurityContextConstraints", name);
    ASSERT_FALSE(constraint.is_null()) << name;
    const bool script = method != std::string("native");
    EXPECT_EQ(at(constraint, "allowPrivilegedContainer").as_bool(), script);
    EXPECT_EQ(at(constraint, "allowPrivilegeEscalation").as_bool(), script);
    EXPECT_EQ(at(constraint, "runAsUser/uid").as_int(),
              at(job, "spec/securityContext/runAsUser").as_int());
    EXPECT_EQ(at(constraint, "seLinuxContext/seLinuxOptions").dump(0),
              at(job, "spec/securityContext/seLinuxOptions").dump(0));
    EXPECT_EQ(at(constraint, "fsGroup/ranges/0/min").as_int(),
              at(job, "spec/securityContext/fsGroup").as_int());
    for (const std::string& kind : volume_kinds(at(job, "spec"))) {
      EXPECT_THAT(at(constraint, "volumes").dump(0), HasSubstr(cat("\"", kind, "\"")));
    }
    for (const char* never : {"allowHostIPC", "allowHostPID", "allowHostPorts"}) {
      EXPECT_EQ(at(constraint, never).as_bool(), false);
    }
  }
}

// ---- The Job ----------------------------------------------------------------------------------

TEST(Manifests, RepeatOnlyWhatAnotherAttemptCanMend) {
  for (const Options& options : every_combination()) {
    const Json job = at(find(options, "CronJob", "etcd-backup"), "spec/jobTemplate/spec");
    const Json rules = at(job, "podFailurePolicy/rules");
    ASSERT_EQ(rules.as_array()->size(), 3u);
    EXPECT_EQ(text(at(rules, "0/action")), "Ignore");
    EXPECT_EQ(text(at(rules, "1/action")), "Count");
    EXPECT_EQ(at(rules, "1/onExitCodes/values").dump(0), "[6,7]");
    EXPECT_EQ(text(at(rules, "1/onExitCodes/operator")), "In");
    EXPECT_EQ(text(at(rules, "2/action")), "FailJob");
    EXPECT_EQ(at(rules, "2/onExitCodes/values").dump(0), "[6,7]");
    EXPECT_EQ(text(at(rules, "2/onExitCodes/operator")), "NotIn");
    EXPECT_EQ(text(at(job, "template/spec/restartPolicy")), "Never");
    EXPECT_EQ(text(at(rules, "1/onExitCodes/containerName")),
              text(at(job, "template/spec/containers/0/name")));
  }
}

TEST(Manifests, EndNoRunThatTheScriptMayStillBeIn) {
  const auto deadline = [](const Options& options) {
    return at(find(options, "CronJob", "etcd-backup"),
              "spec/jobTemplate/spec/activeDeadlineSeconds")
        .as_int();
  };
  Options options = kOpenShift;
  options.script_timeout = std::chrono::hours(3);
  EXPECT_EQ(deadline(options), 3600);
  options.method = "auto";
  EXPECT_EQ(deadline(options), 4 * 3600);
}

TEST(Manifests, FindAControlPlaneNodeByEitherLabel) {
  const Json pod = backup_spec(kOpenShift);
  const Json terms =
      at(pod,
         "affinity/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution/nodeSelectorTerms");
  ASSERT_EQ(terms.as_array()->size(), 2u);
  EXPECT_EQ(text(at(terms, "0/matchExpressions/0/key")), "node-role.kubernetes.io/control-plane");
  EXPECT_EQ(text(at(terms, "1/matchExpressions/0/key")), "node-role.kubernetes.io/master");
  EXPECT_EQ(at(pod, "tolerations").as_array()->size(), 3u);
  for (const Json& toleration : elements(at(pod, "tolerations"))) {
    EXPECT_TRUE(at(toleration, "effect").is_null());
  }
}

TEST(Manifests, SayInLifeboatYamlWhatTheFlagsSaid) {
  Options options = kOpenShift;
  options.settings = {{"keep_last", "3"}, {"keep_within", "30d"}};
  const auto config = [](const Options& from) {
    return YAML::Load(
        *at(find(from, "ConfigMap", "etcd-backup"), "data").find("lifeboat.yaml")->as_string());
  };
  const YAML::Node node = config(options);
  EXPECT_EQ(node["vault"].Scalar(), "/backups");
  EXPECT_EQ(node["cluster"].Scalar(), "prod");
  EXPECT_EQ(node["host_root"].Scalar(), "/host");
  EXPECT_EQ(node["platform"].Scalar(), "openshift");
  EXPECT_EQ(node["keep_last"].Scalar(), "3");
  EXPECT_EQ(node["keep_within"].Scalar(), "30d");
  EXPECT_FALSE(config(kOpenShiftNetwork)["host_root"].IsDefined());
  EXPECT_EQ(config(kOpenShiftNetwork)["endpoints"][0].Scalar(),
            "https://etcd.openshift-etcd.svc:2379");
}

TEST(Manifests, AskTheOwnNodesEtcdWhereNoOtherIsKnown) {
  const Json container = at(backup_spec(kKubernetesNetwork), "containers/0");
  EXPECT_EQ(text(at(container, "env/1/value")), "https://$(HOST_IP):2379");
  Options named = kKubernetesNetwork;
  named.endpoints = {"https://10.0.0.5:2379"};
  EXPECT_TRUE(at(backup_spec(named), "containers/0/env").is_null());
  EXPECT_TRUE(at(backup_spec(named), "affinity").is_null());
}

TEST(Manifests, BringTheProgramFromTheNodeWhenAsked) {
  Options options = kOpenShift;
  options.node_binary = "/usr/local/bin/lifeboat";
  const Json pod = backup_spec(options);
  EXPECT_EQ(text(at(pod, "containers/0/command/0")), "/usr/local/bin/lifeboat");
  EXPECT_EQ(text(at(pod, "volumes/3/hostPath/type")), "File");
}

// ---- The network ------------------------------------------------------------------------------

TEST(Manifests, LetThePodReachEtcdAndNothingElse) {
  Options options = kKubernetesNetwork;
  const auto egress = [](const Options& from) {
    return at(find(from, "NetworkPolicy", "etcd-backup"), "spec/egress").dump(0);
  };
  EXPECT_EQ(egress(options), R"([{"ports":[{"protocol":"TCP","port":2379}]}])");
  options.endpoints = {"https://10.0.0.5:2379", "https://[fd00::5]:2379"};
  EXPECT_EQ(
      egress(options),
      R"([{"to":[{"ipBlock":{"cidr":"10.0.0.5/32"}}],"ports":[{"protocol":"TCP","port":2379}]},)"
      R"({"to":[{"ipBlock":{"cidr":"fd00::5/128"}}],"ports":[{"protocol":"TCP","port":2379}]}])");
  options.endpoints = {"https://etcd.example:2390"};
  EXPECT_THAT(egress(options), HasSubstr("\"port\":2390"));
  EXPECT_THAT(egress(options), HasSubstr("kube-system"));
  EXPECT_THAT(render_stream(kOpenShift), HasSubstr("host's network is not held back"));
}

// ---- The volume stays -------------------------------------------------------------------------

TEST(Manifests, KeepTheVolumeAndItsNamespace) {
  for (const Options& options : every_combination()) {
    for (const Object& object : objects_of(options)) {
      const std::string kind = text(at(object.value, "kind"));
      const bool kept = kind == "PersistentVolumeClaim" || kind == "Namespace";
      EXPECT_EQ(object.keep, kept) << kind;
      const Json annotations = at(object.value, "metadata/annotations");
      EXPECT_EQ(annotations.find("argocd.argoproj.io/sync-options") != nullptr, kept) << kind;
    }
  }
}

// ---- Alerts -----------------------------------------------------------------------------------

std::string read(const std::string& path) {
  std::ostringstream content;
  content << std::ifstream(std::string(LIFEBOAT_SOURCE_DIR) + "/" + path).rdbuf();
  return content.str();
}

TEST(Manifests, LinkEachAlertToItsSection) {
  Options options = kOpenShift;
  options.alerts = true;
  options.runbook_base = "https://docs.example/lifeboat";
  const Json rules = at(find(options, "PrometheusRule", "etcd-backup"), "spec/groups/0/rules");
  ASSERT_EQ(rules.as_array()->size(), 4u);
  const std::string page = read("docs/ALERTS.md");
  for (const Json& rule : elements(rules)) {
    const std::string name = text(at(rule, "alert"));
    EXPECT_THAT(page, HasSubstr(cat("\n## ", name, "\n")));
    EXPECT_THAT(text(at(rule, "annotations/runbook_url")),
                ::testing::StartsWith("https://docs.example/lifeboat/docs/ALERTS.md#etcdbackup"));
  }
  EXPECT_THAT(text(at(rules, "0/expr")), HasSubstr("> 43200\n"));
}

// ---- Policies ---------------------------------------------------------------------------------

Options policy_of(Options options) {
  options.format = Format::kAcmPolicy;
  options.cluster.clear();
  return options;
}

std::vector<std::string> kinds_of_part(const Json& policy, unsigned part) {
  std::vector<std::string> names;
  const Json templates =
      at(policy, cat("spec/policy-templates/", part, "/objectDefinition/spec/object-templates"));
  for (const Json& one : elements(templates))
    names.push_back(text(at(one, "objectDefinition/kind")));
  return names;
}

TEST(Policies, HoldEveryObjectAndNeverPruneTheVolume) {
  for (Options options : every_combination()) {
    options = policy_of(options);
    const Json items = *render_list(options).find("items");
    const Json policy = at(items, "1");
    const auto kept = kinds_of_part(policy, 0);
    const auto rest = kinds_of_part(policy, 1);
    EXPECT_THAT(kept, Contains("PersistentVolumeClaim"));
    EXPECT_EQ(kept.size() + rest.size(), objects_of(options).size());
    EXPECT_THAT(rest, Contains("CronJob"));
    EXPECT_THAT(rest, Not(Contains("Namespace")));
    const char* pruning = "objectDefinition/spec/pruneObjectBehavior";
    EXPECT_EQ(text(at(policy, cat("spec/policy-templates/0/", pruning))), "None");
    EXPECT_EQ(text(at(policy, cat("spec/policy-templates/1/", pruning))), "DeleteIfCreated");
  }
}

TEST(Policies, ReadFromTheHubWhatDiffersAndFromTheClusterItsName) {
  Options options = policy_of(kOpenShift);
  options.storage_class = "fast";
  options.environment = "sandbox";
  const std::string stream = render_stream(options);
  for (const char* key : {"schedule", "volume_size", "storage_class", "keep_last"}) {
    EXPECT_THAT(stream, HasSubstr(cat("{{hub fromConfigMap \"policies\" "
                                      "\"etcd-backup-sandbox-settings\" \"",
                                      key, "\" hub}}")));
  }
  EXPECT_THAT(stream, HasSubstr("cluster: '{{ fromClusterClaim \"name\" }}'"));
  EXPECT_THAT(stream, HasSubstr("CP-9 System Backup"));
  options.cluster = "prod";
  EXPECT_THAT(render_stream(options), Not(HasSubstr("fromClusterClaim")));
}

TEST(Policies, BindWhatIsThere) {
  Options options = policy_of(kOpenShift);
  options.environment = "production";
  const Json items = *render_list(options).find("items");
  std::set<std::string> names;
  for (const Json& item : elements(items)) {
    names.insert(cat(text(at(item, "kind")), "/", text(at(item, "metadata/name"))));
  }
  EXPECT_THAT(names, Contains("Policy/etcd-backup-production"));
  EXPECT_THAT(names, Contains("Policy/etcd-backup-production-status"));
  for (const Json& item : elements(items)) {
    const std::string kind = text(at(item, "kind"));
    if (kind == "PolicySet") {
      for (const Json& policy : elements(at(item, "spec/policies"))) {
        EXPECT_THAT(names, Contains(cat("Policy/", text(policy))));
      }
    }
    if (kind != "PlacementBinding") continue;
    EXPECT_THAT(names, Contains(cat("Placement/", text(at(item, "placementRef/name")))));
    EXPECT_THAT(names, Contains(cat("PolicySet/", text(at(item, "subjects/0/name")))));
  }
  EXPECT_THAT(render_stream(options), HasSubstr("- key: environment\n"));
}

TEST(Policies, SayThatTheyDoNotKnowK3sFromOtherClusters) {
  const Options k3s = policy_of(options_for(Platform::kK3s, Mode::kControlPlane));
  EXPECT_THAT(render_stream(k3s), HasSubstr("  # ACM knows OpenShift from the rest"));
  EXPECT_THAT(render_stream(policy_of(kKubernetes)), Not(HasSubstr("# ACM knows")));
}

TEST(Policies, CopyTheClientCertificateWithoutAnyRight) {
  const std::string stream = render_stream(policy_of(kOpenShiftNetwork));
  EXPECT_THAT(stream, HasSubstr("'{{ copySecretData \"openshift-etcd\" \"etcd-client\" }}'"));
  EXPECT_THAT(stream, HasSubstr("'{{ copyConfigMapData \"openshift-etcd\" \"etcd-ca-bundle\" }}'"));
  EXPECT_THAT(stream, Not(HasSubstr("kind: Role")));
}

TEST(Policies, HaveNamesThatFitALabel) {
  Options options = policy_of(kOpenShift);
  options.policy_namespace = std::string(40, 'p');
  options.environment = "preproduction";
  EXPECT_THROW(render(options), base::Error);
}

// ---- Text -------------------------------------------------------------------------------------

Json from_yaml(const YAML::Node& node) {
  if (node.IsNull()) return {};
  if (node.IsMap()) {
    Json object = Json::object();
    for (const auto& member : node) object.set(member.first.Scalar(), from_yaml(member.second));
    return object;
  }
  if (node.IsSequence()) {
    Json array = Json::array();
    for (const auto& element : node) array.push(from_yaml(element));
    return array;
  }
  const std::string& scalar = node.Scalar();
  if (node.Tag() == "!") return scalar;  // quoted; a plain one has the tag "?"
  if (scalar == "true" || scalar == "false") return scalar == "true";
  const auto number = base::parse_whole_number(scalar);
  return number ? Json(static_cast<std::int64_t>(*number)) : Json(scalar);
}

TEST(Manifests, ReadBackAsWhatTheyWereMadeOf) {
  for (Options options : every_combination()) {
    for (const Format format : {Format::kKubernetes, Format::kAcmPolicy}) {
      options.format = format;
      options.annotations = {{"note", "a: \"b\" # c, it's"}, {"example.com/number", "0123"}};
      const auto documents = YAML::LoadAll(render_stream(options));
      const Json items = *render_list(options).find("items");
      ASSERT_EQ(documents.size(), items.as_array()->size());
      for (std::size_t i = 0; i < documents.size(); ++i) {
        EXPECT_EQ(from_yaml(documents[i]).dump(), (*items.as_array())[i].dump());
      }
    }
  }
}

TEST(Manifests, StayWithinThePage) {
  for (const Options& options : every_combination()) {
    for (const std::string& line : base::split(render_stream(options), '\n')) {
      if (line.find('#') == line.npos) continue;
      EXPECT_LE(line.size(), 100u) << line;
    }
  }
}

TEST(Kustomize, NamesEveryFileItHas) {
  for (Options options : every_combination()) {
    options.format = Format::kKustomize;
    const auto files = render(options);
    ASSERT_EQ(files.front().name, "kustomization.yaml");
    const YAML::Node node = YAML::Load(files.front().content);
    std::vector<std::string> names;
    for (const auto& file : files) names.push_back(file.name);
    names.erase(names.begin());
    EXPECT_EQ(node["resources"].as<std::vector<std::string>>(), names);
    EXPECT_EQ(node["images"][0]["newTag"].Scalar(), "1.0");
  }
}

TEST(Kustomize, HasAnOverlayOfWhatAnEnvironmentMayChange) {
  Options options = kKubernetes;
  options.format = Format::kKustomize;
  options.environment = "sandbox";
  options.schedule = "0 3 * * *";
  options.volume_size = "5Gi";
  const auto files = render(options);
  ASSERT_EQ(files.size(), 2u);
  EXPECT_THAT(files[0].content, HasSubstr("- \"../../base\"\n"));
  EXPECT_THAT(files[1].content, HasSubstr("schedule: \"0 3 * * *\""));
  EXPECT_THAT(files[1].content, HasSubstr("storage: \"5Gi\""));
  EXPECT_THAT(files[1].content, Not(HasSubstr("containers")));
  EXPECT_THROW(render_list(options), base::Error);
}

// ---- As it was --------------------------------------------------------------------------------

// LIFEBOAT_UPDATE_GOLDEN=1 writes the files anew. Many more are in deploy/, which a test compares
// with what the program prints.
TEST(Manifests, AreWhatTheyWere) {
  Options openshift = options_for(Platform::kOpenShift, Mode::kControlPlane, "auto");
  openshift.rbac = Rbac::kLegacy;
  Options network = kKubernetesNetwork;
  network.endpoints = {"https://10.0.0.5:2379", "https://etcd.example:2379"};
  network.inspect_pod = network.alerts = true;
  network.labels = {{"team", "platform"}};
  network.annotations = {{"example.com/owner", "platform: \"ops\""}};
  const std::vector<std::pair<const char*, Options>> golden{{"openshift-auto-legacy", openshift},
                                                            {"kubernetes-network", network}};
  for (const auto& [name, options] : golden) {
    const std::string path = cat("tests/data/manifests/", name, ".yaml");
    const std::string rendered = render_stream(options);
    if (std::getenv("LIFEBOAT_UPDATE_GOLDEN") != nullptr) {
      std::ofstream(std::string(LIFEBOAT_SOURCE_DIR) + "/" + path) << rendered;
    }
    EXPECT_EQ(read(path), rendered) << path;
  }
}

}  // namespace
}  // namespace lifeboat::manifests
