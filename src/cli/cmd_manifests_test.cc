#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json.h"
#include "base/text.h"
#include "testing/test_program.h"

namespace lifeboat::cli {
namespace {

using base::Json;
using lifeboat::testing::Outcome;
using lifeboat::testing::TestProgram;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr const char* kPlain = "manifests --cluster prod --image registry.example/lifeboat:1";

TEST(ManifestsCommand, PrintsYaml) {
  TestProgram program;
  const Outcome outcome = program.run(kPlain);
  EXPECT_EQ(outcome.code, kDone) << outcome.err;
  EXPECT_THAT(outcome.out, AllOf(::testing::StartsWith("---\n"), HasSubstr("kind: CronJob\n")));
  EXPECT_THAT(outcome.err, IsEmpty());
}

TEST(ManifestsCommand, PrintsAListAsJson) {
  TestProgram program;
  const Json document = Json::parse(program.run(base::cat(kPlain, " -o json")).out);
  EXPECT_EQ(*document.find("kind")->as_string(), "List");
  EXPECT_GT(document.find("items")->as_array()->size(), 5u);
}

TEST(ManifestsCommand, WritesAFolder) {
  TestProgram program;
  const std::string line = base::cat(kPlain, " --format kustomize --render-dir /out");
  EXPECT_EQ(program.run(line).code, kDone);
  EXPECT_THAT(program.fs.file_content("/out/kustomization.yaml"), HasSubstr("- cronjob.yaml\n"));
  EXPECT_THAT(program.fs.file_content("/out/cronjob.yaml"), HasSubstr("kind: CronJob\n"));
  // A second time the files are replaced, and nothing is left beside them.
  EXPECT_EQ(program.run(line).code, kDone);
  EXPECT_EQ(program.run(base::cat(line, " -o json")).code, kUsage);
}

TEST(ManifestsCommand, PutsEveryFlagWhereItBelongs) {
  const std::vector<std::pair<const char*, const char*>> cases{
      {"--namespace backups", "namespace: backups\n"},
      {"--service-account keeper", "serviceAccountName: keeper\n"},
      {"--time-zone Europe/Berlin", "timeZone: Europe/Berlin\n"},
      {"--volume-size 100Gi", "storage: \"100Gi\"\n"},
      {"--storage-class fast", "storageClassName: fast\n"},
      {"--volume-claim old-claim", "claimName: old-claim\n"},
      {"--keep-last 3", "    keep_last: \"3\"\n"},
      {"--keep-daily 7", "    keep_daily: \"7\"\n"},
      {"--keep-within 36h", "    keep_within: \"36h\"\n"},
      {"--max-size 18Gi", "    max_size: \"18Gi\"\n"},
      {"--image-pull-secret registry", "- name: registry\n"},
      {"--node-binary /opt/lifeboat", "path: /opt/lifeboat\n"},
      {"--method auto", "privileged: true\n"},
      {"--method auto --script-timeout 20m", "    script_timeout: \"20m\"\n"},
      {"--settled require", "    settled: require\n"},
      {"--vault /var/backups", "mountPath: /var/backups\n"},
      {"--resources limits.memory=1Gi,requests.cpu=1", "memory: \"1Gi\"\n"},
      {"--label team=platform", "team: platform\n"},
      {"--annotation a=b,c", "a: b,c\n"},
      {"--mode network --endpoints https://10.0.0.5:2379", "cidr: \"10.0.0.5/32\"\n"},
      {"--mode network --etcd-secret s --etcd-ca-configmap c", "secretName: s\n"},
      {"--mode network --copy-image registry.example/cli", "image: registry.example/cli\n"},
      {"--alerts", "kind: PrometheusRule\n"},
      {"--alerts --runbook-base https://docs.example", "https://docs.example/docs/ALERTS.md#"},
      {"--inspect-pod", "kind: Pod\n"},
      {"--inspect-pod --inspect-image ubi9", "image: ubi9\n"},
      {"--rbac legacy", "name: cluster-admin-approver-sa-crb\n"},
      {"--format acm-policy --policy-namespace ours", "namespace: ours\n"},
      {"--format acm-policy --cluster-set fleet", "clusterSet: fleet\n"},
      {"--format acm-policy --environment sandbox", "name: etcd-backup-sandbox\n"},
      {"--platform kubernetes --format kustomize", "kind: Kustomization\n"},
  };
  for (const auto& [flags, line] : cases) {
    TestProgram program;
    const Outcome outcome = program.run(base::cat(kPlain, " ", flags));
    EXPECT_EQ(outcome.code, kDone) << flags << ": " << outcome.err;
    EXPECT_THAT(outcome.out, HasSubstr(line)) << flags;
    EXPECT_THAT(program.run(kPlain).out, Not(HasSubstr(line))) << flags;
  }
}

TEST(ManifestsCommand, TakesItsFlagsFromAFile) {
  TestProgram program;
  program.fs.put_file("/site.yaml",
                      "cluster: prod\nimage: registry.example/lifeboat:1\nalerts: true\n"
                      "schedule: \"*/10 * * * *\"\nannotation:\n  - a=b, c\n  - d={{ e }}\n");
  const Outcome outcome = program.run("manifests --config /site.yaml");
  EXPECT_EQ(outcome.code, kDone) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("schedule: \"*/10 * * * *\"\n"));
  EXPECT_THAT(outcome.out, HasSubstr("a: b, c\n"));
  EXPECT_THAT(outcome.out, HasSubstr("d: \"{{ e }}\"\n"));
  EXPECT_THAT(outcome.out, HasSubstr("> 1200\n"));
}

TEST(ManifestsCommand, PutsAVaultIntoABucket) {
  const std::string recipient = "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj";
  TestProgram program;
  const Outcome outcome = program.run(
      base::cat(kPlain,
                " --vault s3://backups/etcd --s3-secret keys --s3-endpoint https://s3.example:9000 "
                "--s3-region eu --s3-ca-configmap ca --scratch-size 3Gi --jitter 30m --encrypt-to ",
                recipient));
  EXPECT_EQ(outcome.code, kDone) << outcome.err;
  for (const std::string line :
       {"vault: s3://backups/etcd", "secretName: keys", "s3_endpoint: https://s3.example:9000",
        "s3_region: eu", "name: ca", "sizeLimit: \"3Gi\"", "jitter: \"30m\""}) {
    EXPECT_THAT(outcome.out, HasSubstr(line + "\n"));
  }
  EXPECT_THAT(outcome.out, HasSubstr(base::cat("- ", recipient, "\n")));
  // A letter that was mistyped.
  const std::string wrong = "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwx";
  EXPECT_EQ(program.run(base::cat(kPlain, " --encrypt-to ", wrong)).code, kUsage);
}

TEST(ManifestsCommand, LeavesTheScriptTheTimeItWasGiven) {
  const auto has = [](const char* flags, const char* line) {
    TestProgram program;
    EXPECT_THAT(program.run(base::cat(kPlain, " ", flags)).out, HasSubstr(line)) << flags;
  };
  has("", "activeDeadlineSeconds: 3600\n");
  has("--method script", "activeDeadlineSeconds: 4500\n");
  has("--method auto --script-timeout 2h", "activeDeadlineSeconds: 10800\n");
}

TEST(ManifestsCommand, WarnsOfAScriptThatTheClusterDoesNotHave) {
  TestProgram program;
  const Outcome outcome = program.run(base::cat(kPlain, " --platform kubernetes --method script"));
  EXPECT_EQ(outcome.code, kDone);
  EXPECT_THAT(outcome.err, HasSubstr("only OpenShift puts on its nodes"));
  EXPECT_THAT(outcome.out, HasSubstr("somebody has to have put"));
  EXPECT_THAT(program.run(base::cat(kPlain, " --method script")).err, IsEmpty());
  EXPECT_THAT(program.run(base::cat(kPlain, " --platform k3s --method script")).err,
              Not(HasSubstr("warning")));
}

TEST(ManifestsCommand, PrintsNothingWhenAValueIsWrong) {
  for (const char* flags :
       {"--label team", "--label =x", "--resources cpu", "--label a=b --label a=c",
        "--script-timeout 5m", "--schedule @daily", "--namespace Lifeboat", "--mode hybrid",
        "--format helm", "--keep-last five", "more"}) {
    TestProgram program;
    const Outcome outcome = program.run(base::cat(kPlain, " ", flags));
    EXPECT_EQ(outcome.code, kUsage) << flags;
    EXPECT_THAT(outcome.out, IsEmpty()) << flags;
  }
}

TEST(ManifestsCommand, SaysWhatIsMissing) {
  TestProgram program;
  EXPECT_THAT(program.run("manifests --cluster prod").err, HasSubstr("--image is needed"));
  EXPECT_THAT(program.run("manifests --image x").err, HasSubstr("--cluster is needed"));
}

TEST(IdleCommand, EndsWhenItIsToldTo) {
  TestProgram program;
  program.stop.request_stop();
  const Outcome outcome = program.run("idle");
  EXPECT_EQ(outcome.code, kDone);
  EXPECT_THAT(outcome.out, IsEmpty());
}

}  // namespace
}  // namespace lifeboat::cli
