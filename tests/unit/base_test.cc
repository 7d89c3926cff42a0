#include <gtest/gtest.h>
TEST(Base, Slow1){}
TEST(Base, A){}
