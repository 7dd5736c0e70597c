#include "manifests/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "base/error.h"

namespace lifeboat::manifests {
namespace {

using ::testing::HasSubstr;

Options good() {
  Options options;
  options.cluster = "prod";
  options.image = "registry.example/lifeboat:1.0";
  return options;
}

void put_in_bucket(Options& options) {
  options.vault = "s3://bucket/prefix";
  options.s3_secret = "keys";
}

// What `complete` says of the good options after `spoil`; empty if it takes them.
std::string refusal(const std::function<void(Options&)>& spoil) {
  Options options = good();
  spoil(options);
  try {
    complete(options);
    return "";
  } catch (const base::Error& error) {
    EXPECT_EQ(error.code(), base::Code::kInvalid);
    EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos);
    return error.what();
  }
}

TEST(Options, FillInTheDefaults) {
  const Options options = complete(good());
  EXPECT_EQ(options.namespace_name, "lifeboat");
  EXPECT_EQ(options.service_account, "etcd-backup");
  EXPECT_EQ(options.resources.at("limits.memory"), "128Mi");
  EXPECT_EQ(options.resources.at("requests.cpu"), "50m");
}

TEST(Options, LegacyHasTheKnownNames) {
  Options options = good();
  options.rbac = Rbac::kLegacy;
  options = complete(options);
  EXPECT_EQ(options.namespace_name, "default");
  EXPECT_EQ(options.service_account, "approver");
}

TEST(Options, KeepWhatWasChosen) {
  Options options = good();
  options.rbac = Rbac::kLegacy;
  options.namespace_name = "backups";
  options.resources = {{"limits.memory", "1Gi"}};
  options = complete(options);
  EXPECT_EQ(options.namespace_name, "backups");
  EXPECT_EQ(options.resources.at("limits.memory"), "1Gi");
  EXPECT_EQ(options.resources.at("requests.memory"), "64Mi");
}

struct TextFlag {
  const char* flag;
  std::string Options::*value;
};

// Every text that somebody may set, but the schedule, which has a test of its own.
constexpr TextFlag kTextFlags[] = {
    {"cluster", &Options::cluster},
    {"namespace", &Options::namespace_name},
    {"service-account", &Options::service_account},
    {"schedule", &Options::schedule},
    {"time-zone", &Options::time_zone},
    {"vault", &Options::vault},
    {"volume-size", &Options::volume_size},
    {"volume-claim", &Options::volume_claim},
    {"storage-class", &Options::storage_class},
    {"image", &Options::image},
    {"image-pull-secret", &Options::image_pull_secret},
    {"node-binary", &Options::node_binary},
    {"etcd-secret", &Options::etcd_secret},
    {"etcd-ca-configmap", &Options::etcd_ca_configmap},
    {"copy-image", &Options::copy_image},
    {"inspect-image", &Options::inspect_image},
    {"runbook-base", &Options::runbook_base},
    {"environment", &Options::environment},
    {"policy-namespace", &Options::policy_namespace},
    {"cluster-set", &Options::cluster_set},
    {"s3-secret", &Options::s3_secret},
    {"s3-endpoint", &Options::s3_endpoint},
    {"s3-region", &Options::s3_region},
    {"s3-ca-configmap", &Options::s3_ca_configmap},
    {"scratch-size", &Options::scratch_size},
};

TEST(Options, TakeNoHostileValueAnywhere) {
  const std::vector<std::string> hostile{"a\nkind: Pod",
                                         "x\"y",
                                         "x'y",
                                         "{{ x }}",
                                         "{{hub x hub}}",
                                         "a: b\n---",
                                         "a #b",
                                         "&a",
                                         "*a",
                                         "!!binary",
                                         std::string(1000, 'a'),
                                         "a\tb",
                                         "\xff",
                                         "$(id)",
                                         "`id`",
                                         "a b",
                                         "\x1b[2J"};
  for (const TextFlag& flag : kTextFlags) {
    for (const std::string& value : hostile) {
      const auto spoil = [&](Options& options) { options.*flag.value = value; };
      EXPECT_THAT(refusal(spoil), HasSubstr(std::string("--") + flag.flag)) << value;
    }
  }
}

TEST(Options, RefuseWhatCanNotBe) {
  const std::vector<std::pair<std::function<void(Options&)>, const char*>> cases{
      {[](Options& o) { o.image.clear(); }, "--image is needed"},
      {[](Options& o) { o.cluster.clear(); }, "--cluster is needed"},
      {[](Options& o) { o.volume_size = "0"; }, "--volume-size"},
      {[](Options& o) { o.volume_size = "20gb"; }, "--volume-size"},
      {[](Options& o) { o.time_zone = "Local"; }, "--time-zone"},
      {[](Options& o) { o.vault = "/etc"; }, "--vault"},
      {[](Options& o) { o.vault = "/host/backups"; }, "--vault"},
      {[](Options& o) { o.vault = "s3://Bucket/backups"; }, "--vault"},
      {[](Options& o) { o.vault = "s3://bucket//backups"; }, "--vault"},
      {[](Options& o) { o.vault = "s3://bucket/{{ x }}"; }, "--vault"},
      {[](Options& o) { o.vault = "s3://bucket/../x"; }, "--vault"},
      {[](Options& o) { o.vault = "s3://b"; }, "--vault"},
      {[](Options& o) { o.vault = "/scratch"; }, "--vault"},
      {[](Options& o) { o.vault = "s3://bucket"; }, "--s3-secret is needed"},
      {[](Options& o) { o.encrypt_to = {"age1{{ x }}"}; }, "--encrypt-to"},
      {[](Options& o) { o.encrypt_to = {"ssh-rsa AAAA"}; }, "--encrypt-to"},
      {[](Options& o) { o.endpoints = {"10.0.0.5"}; }, "--endpoints"},
      {[](Options& o) {
         o.resources = {{"memory", "1Gi"}};
       },
       "--resources"},
      {[](Options& o) {
         o.resources = {{"limits.memory", "lots"}};
       },
       "--resources"},
      {[](Options& o) {
         o.resources = {{"requests.memory", "1Gi"}};
       },
       "more than the limit"},
      {[](Options& o) {
         o.labels = {{"team", "a b"}};
       },
       "--label"},
      {[](Options& o) {
         o.labels = {{"a b", "c"}};
       },
       "--label"},
      {[](Options& o) {
         o.labels = {{"app.kubernetes.io/name", "x"}};
       },
       "--label"},
      {[](Options& o) {
         o.labels = {{"pod-security.kubernetes.io/enforce", "x"}};
       },
       "--label"},
      {[](Options& o) {
         o.annotations = {{"a", "b\nc"}};
       },
       "--annotation"},
      {[](Options& o) {
         o.annotations = {{"a", std::string(40000, 'x')}};
       },
       "--annotation"},
  };
  for (const auto& [spoil, words] : cases) EXPECT_THAT(refusal(spoil), HasSubstr(words));
}

TEST(Options, RefuseWhatWouldHaveNoEffect) {
  const std::vector<std::pair<std::function<void(Options&)>, const char*>> cases{
      {[](Options& o) { o.mode = Mode::kNetwork, o.method = "script"; }, "--method script"},
      {[](Options& o) { o.mode = Mode::kNetwork, o.method = "auto"; }, "--method auto"},
      {[](Options& o) { o.platform = Platform::kK3s, o.method = "auto"; }, "--method auto"},
      {[](Options& o) { o.platform = Platform::kRke2, o.method = "script"; }, "--method script"},
      {[](Options& o) { o.platform = Platform::kRke2, o.settled = "require"; }, "--settled"},
      {[](Options& o) { o.mode = Mode::kNetwork, o.settled = "require"; }, "--settled"},
      {[](Options& o) { o.platform = Platform::kKubernetes, o.settled = "ignore"; }, "--settled"},
      {[](Options& o) { o.mode = Mode::kNetwork, o.node_binary = "/x"; }, "--node-binary"},
      {[](Options& o) { o.etcd_secret = "x", o.etcd_ca_configmap = "x"; }, "--etcd-secret"},
      {[](Options& o) { o.mode = Mode::kNetwork, o.etcd_secret = "x"; }, "go together"},
      {[](Options& o) { o.s3_secret = "x"; }, "--s3-secret needs"},
      {[](Options& o) { o.s3_endpoint = "https://x.example"; }, "--s3-endpoint needs"},
      {[](Options& o) { o.s3_region = "x"; }, "--s3-region needs"},
      {[](Options& o) { o.s3_ca_configmap = "x"; }, "--s3-ca-configmap needs"},
      {[](Options& o) { o.scratch_size = "1Gi"; }, "--scratch-size needs"},
      {[](Options& o) { put_in_bucket(o), o.storage_class = "x"; }, "--storage-class"},
      {[](Options& o) { put_in_bucket(o), o.volume_claim = "x"; }, "--volume-claim"},
      {[](Options& o) { put_in_bucket(o), o.inspect_pod = true; }, "--inspect-pod"},
      {[](Options& o) { o.copy_image = "x"; }, "--copy-image"},
      {[](Options& o) { o.inspect_image = "x"; }, "--inspect-image"},
      {[](Options& o) { o.runbook_base = "x"; }, "--runbook-base"},
      {[](Options& o) { o.environment = "sandbox"; }, "--environment"},
      {[](Options& o) { o.policy_namespace = "x"; }, "--policy-namespace"},
      {[](Options& o) { o.cluster_set = "x"; }, "--cluster-set"},
  };
  for (const auto& [spoil, words] : cases) EXPECT_THAT(refusal(spoil), HasSubstr(words));
}

TEST(Options, RefuseTemplatesOnlyWhereTheyWouldBeEvaluated) {
  const auto braces = [](Options& o) { o.annotations = {{"note", "{{ x }}"}}; };
  EXPECT_EQ(refusal(braces), "");
  const auto in_a_policy = [&](Options& o) { braces(o), o.format = Format::kAcmPolicy; };
  EXPECT_THAT(refusal(in_a_policy), HasSubstr("as a template by ACM"));
}

TEST(Options, OfAPolicyNeedNoCluster) {
  EXPECT_EQ(refusal([](Options& o) { o.cluster.clear(), o.format = Format::kAcmPolicy; }), "");
}

}  // namespace
}  // namespace lifeboat::manifests
