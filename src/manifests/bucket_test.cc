// What must hold of the manifests of a vault in a bucket, which has no volume.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.h"
#include "manifests/render.h"

namespace lifeboat::manifests {
namespace {

using base::Json;
using ::testing::HasSubstr;
using ::testing::Not;

Options bucket(Platform platform, Mode mode) {
  Options options;
  options.platform = platform;
  options.mode = mode;
  options.cluster = "prod";
  options.image = "registry.example/lifeboat:1.0";
  options.vault = "s3://backups/etcd";
  options.s3_secret = "bucket-keys";
  options.s3_endpoint = "https://s3.example:9000";
  options.s3_region = "eu-1";
  options.s3_ca_configmap = "bucket-ca";
  return options;
}

std::vector<Options> every_bucket() {
  std::vector<Options> all;
  for (const Platform platform :
       {Platform::kOpenShift, Platform::kKubernetes, Platform::kK3s, Platform::kRke2}) {
    for (const Mode mode : {Mode::kControlPlane, Mode::kNetwork}) {
      all.push_back(bucket(platform, mode));
    }
  }
  return all;
}

// The file of that name; empty if there is none.
std::string file(const Options& options, const std::string& name) {
  for (const File& one : render(options)) {
    if (one.name == name) return one.content;
  }
  return "";
}

TEST(Bucket, HasNoVolume) {
  for (Options options : every_bucket()) {
    options.alerts = true;
    const std::string stream = render_stream(options);
    EXPECT_THAT(stream, Not(HasSubstr("ersistentVolumeClaim")));
    EXPECT_THAT(stream, Not(HasSubstr("EtcdBackupVolumeNearlyFull")));
    EXPECT_THAT(stream, HasSubstr("EtcdBackupTooOld"));
  }
}

TEST(Bucket, BringsKeysScratchAndWhatTheConfigurationSaysOfThem) {
  for (const Options& options : every_bucket()) {
    const std::string config = file(options, "config.yaml");
    for (const char* line : {"vault: s3://backups/etcd\n", "s3_endpoint: https://s3.example:9000\n",
                             "s3_region: eu-1\n", "s3_cacert: /etc/s3-ca/ca-bundle.crt\n",
                             "s3_credentials_dir: /etc/s3-credentials\n", "scratch: /scratch\n",
                             "jitter: \"10m\"\n"}) {
      EXPECT_THAT(config, HasSubstr(line));
    }
    const std::string pod = file(options, "cronjob.yaml");
    for (const char* part :
         {"mountPath: /etc/s3-credentials\n                  readOnly: true\n",
          "mountPath: /scratch\n                - name", "secretName: bucket-keys\n",
          "emptyDir:\n                sizeLimit: \"20Gi\"\n", "name: bucket-ca\n",
          "activeDeadlineSeconds: 4200\n"}) {
      EXPECT_THAT(pod, HasSubstr(part));
    }
  }
}

TEST(Bucket, TakesWhatWasChosen) {
  Options options = bucket(Platform::kKubernetes, Mode::kNetwork);
  options.s3_endpoint = options.s3_region = options.s3_ca_configmap = "";
  options.scratch_size = "4Gi";
  options.jitter = std::chrono::seconds(90);
  options.encrypt_to = {"age1abc", "age1def"};
  const std::string config = file(options, "config.yaml");
  EXPECT_THAT(config, HasSubstr("encrypt_to:\n      - age1abc\n      - age1def\n"));
  EXPECT_THAT(config, HasSubstr("jitter: \"90s\"\n"));
  for (const char* absent : {"s3_endpoint", "s3_region", "s3_cacert"}) {
    EXPECT_THAT(config, Not(HasSubstr(absent)));
  }
  EXPECT_THAT(file(options, "cronjob.yaml"), HasSubstr("sizeLimit: \"4Gi\"\n"));
}

TEST(Bucket, OfAVolumeMayBeEncryptedAndLateToo) {
  Options options = bucket(Platform::kOpenShift, Mode::kControlPlane);
  options.vault = "/backups";
  for (std::string* text :
       {&options.s3_secret, &options.s3_endpoint, &options.s3_region, &options.s3_ca_configmap}) {
    text->clear();
  }
  EXPECT_THAT(file(options, "config.yaml"), Not(HasSubstr("jitter")));
  options.encrypt_to = {"age1abc"};
  options.jitter = std::chrono::hours(1);
  EXPECT_THAT(file(options, "config.yaml"), HasSubstr("jitter: \"60m\"\n"));
  EXPECT_THAT(file(options, "config.yaml"), HasSubstr("- age1abc\n"));
  EXPECT_THAT(file(options, "cronjob.yaml"), HasSubstr("activeDeadlineSeconds: 7200\n"));
}

TEST(Bucket, IsReachedThroughTheNetworkPolicy) {
  for (const Options& options : every_bucket()) {
    const std::string policy = file(options, "network-policy.yaml");
    EXPECT_THAT(policy, HasSubstr("port: 9000\n"));
    EXPECT_THAT(policy, HasSubstr("protocol: UDP\n"));
  }
  Options options = bucket(Platform::kKubernetes, Mode::kNetwork);
  options.s3_endpoint = "https://10.0.0.9";
  EXPECT_THAT(file(options, "network-policy.yaml"), HasSubstr("cidr: \"10.0.0.9/32\"\n"));
  EXPECT_THAT(file(options, "network-policy.yaml"), Not(HasSubstr("UDP")));
  options.s3_endpoint = "";
  EXPECT_THAT(file(options, "network-policy.yaml"), HasSubstr("port: 443\n"));
}

TEST(Bucket, HasAConstraintOfItsOwnForItsVolumes) {
  const std::string access = file(bucket(Platform::kOpenShift, Mode::kControlPlane), "access.yaml");
  EXPECT_THAT(access, HasSubstr("name: lifeboat-control-plane-bucket\n"));
  EXPECT_THAT(access, HasSubstr("- configMap\n  - emptyDir\n  - hostPath\n  - secret\n"));
}

TEST(Bucket, StaysInItsPlaceInFoldersAndPolicies) {
  for (Options options : every_bucket()) {
    options.format = Format::kKustomize;
    EXPECT_THAT(file(options, "kustomization.yaml"), Not(HasSubstr("volume.yaml")));
    options.environment = "sandbox";
    EXPECT_THAT(file(options, "settings.patch"), HasSubstr("s3://backups/etcd"));
    options.format = Format::kAcmPolicy;
    for (const Rbac rbac : {Rbac::kMinimal, Rbac::kLegacy}) {
      options.rbac = rbac;
      EXPECT_THAT(file(options, "policy.yaml"), Not(HasSubstr("object-templates: []")));
      EXPECT_THAT(file(options, "settings.yaml"), Not(HasSubstr("volume_size")));
    }
  }
}

}  // namespace
}  // namespace lifeboat::manifests
