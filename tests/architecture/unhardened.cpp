// Built without any protection, so that the check of protections can be seen to fail.
#include <cstdio>

int main()
{
    char text[64];
    return std::fgets(text, sizeof text, stdin) ? 0 : 1;
}
