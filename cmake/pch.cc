// Carries a precompiled header; see PenstockRoom.cmake.
