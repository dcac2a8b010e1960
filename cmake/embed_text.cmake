# Run by cmake -P: writes OUTPUT, a source that defines `extern char const NAME[]` with the text of INPUT.
file(READ ${INPUT} content)
if(content MATCHES "\\)~~\"")
  message(FATAL_ERROR "${INPUT} holds the end mark of a raw string")
endif()
file(WRITE ${OUTPUT} "namespace ecluse {

extern char const ${NAME}[];
char const ${NAME}[] = R\"~~(${content})~~\";

} // namespace ecluse
")
