#include "os/scheduling.h"

#include <gtest/gtest.h>
#include <sched.h>

#include <thread>

namespace lifeboat::os {
namespace {

TEST(Scheduling, ABatchJobStartsBatchJobs) {
  const int before = ::sched_getscheduler(0);
  int own = -1;
  int started = -1;
  std::jthread([&] {
    become_batch_job();
    own = ::sched_getscheduler(0);
    std::jthread([&] { started = ::sched_getscheduler(0); }).join();
  }).join();
  EXPECT_EQ(own, SCHED_BATCH);
  EXPECT_EQ(started, SCHED_BATCH);
  EXPECT_EQ(::sched_getscheduler(0), before) << "other threads stay as they are";
}

TEST(Scheduling, WhatSomebodyChoseStays) {
  int policy = -1;
  std::jthread([&] {
    const sched_param priority{};
    ::sched_setscheduler(0, SCHED_IDLE, &priority);
    become_batch_job();
    policy = ::sched_getscheduler(0);
  }).join();
  EXPECT_EQ(policy, SCHED_IDLE);
}

}  // namespace
}  // namespace lifeboat::os
