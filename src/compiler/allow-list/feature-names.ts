/** The names in a text, separated by blanks. */
function readNames(text: string): ReadonlySet<string> {
  return new Set(text.trim().split(/\s+/));
}

/**
 * Features that `-fNAME` may turn on. Each changes how code is generated or checked; none names a file, a program or
 * further options.
 */
export const plainFeatures: ReadonlySet<string> = readNames(`
  PIC PIE aapcs-bitfield-load aapcs-bitfield-width access-control address-map address-sanitizer addrsig
  aggressive-loop-optimizations align-functions align-jumps align-labels align-loops aligned-allocation
  aligned-new all-virtual allocation-dce allow-editor-placeholders allow-parameterless-variadic-functions
  allow-store-data-races allow-unsupported alt-external-templates altivec analyzer android-pad-segment
  ansi-escape-codes apple-kext apple-link-rtlib apple-pragma-pack application-extension approx-func argument-alias
  argument-noalias argument-noalias-anything argument-noalias-global asm asm-blocks associative-math
  assume-nothrow-exception-dtor assume-sane-operator-new assume-sane-operators-new-delete assume-unique-vtables
  assumptions ast astf async-exceptions asynchronous-unwind-tables auto-import auto-inc-dec autolink
  avoid-store-forwarding basic-block-address-map bit-tests blocks borland-extensions bounds-check branch-count-reg
  branch-target-load-optimize branch-target-load-optimize2 btr-bb-exclusive building-libgcc builtin
  c++-static-destructors caller-saves canon-prefix-map canonical-system-headers caret-diagnostics
  catch-undefined-behavior cf-protection char8_t check-new check-pointer-bounds chkp-check-incomplete-type
  chkp-check-read chkp-check-write chkp-first-field-has-own-bounds chkp-flexible-struct-trailing-arrays
  chkp-instrument-calls chkp-instrument-marked-only chkp-narrow-bounds chkp-narrow-to-innermost-array
  chkp-optimize chkp-store-bounds chkp-treat-zero-dynamic-size-as-infinite chkp-use-fast-string-functions
  chkp-use-nochk-string-functions chkp-use-static-bounds chkp-use-static-const-bounds chkp-use-wrappers
  chkp-zero-input-bounds-for-main cilkplus clangir coalesce-templates code-hoisting color-diagnostics
  combine-stack-adjustments common compare-elim complete-member-pointers concepts concepts-ts cond-mismatch
  conserve-space conserve-stack const-strings constant-cfstrings constexpr-fp-except contracts
  convergent-functions coro-aligned-allocation coroutines coroutines-ts coverage-mapping coverage-mcdc
  cprop-registers crash-diagnostics crossjumping cse-follow-jumps cse-skip-blocks cx-fortran-rules
  cx-limited-range cxx-exceptions data-sections dce debug-cpp debug-info-for-profiling debug-macro
  debug-ranges-base-address debug-types-section declone-ctor-dtor declspec deduce-init-list default-inline
  default-integer-8 defer-pop define-target-os-macros delayed-branch delayed-template-parsing
  delete-dead-exceptions delete-null-pointer-checks devirtualize devirtualize-at-ltrans devirtualize-speculatively
  diagnostics-absolute-paths diagnostics-all-candidates diagnostics-color diagnostics-fixit-info
  diagnostics-generate-patch diagnostics-parseable-fixits diagnostics-plain-output
  diagnostics-print-source-range-info diagnostics-show-caret diagnostics-show-cwe diagnostics-show-hotness
  diagnostics-show-inlining-chain diagnostics-show-labels diagnostics-show-line-numbers
  diagnostics-show-note-include-stack diagnostics-show-option diagnostics-show-path-depths
  diagnostics-show-template-tree digraphs direct-access-external-data disable-block-signature-string
  discard-value-names dollars-in-identifiers double-square-bracket-attributes dse dwarf-directory-asm
  dwarf-exceptions dwarf2-cfi-asm early-inlining elide-constructors elide-type eliminate-dwarf2-dups
  eliminate-unused-debug-symbols eliminate-unused-debug-types embed-bitcode embed-bitcode-marker emit-all-decls
  emit-class-debug-always emit-compact-unwind-non-canonical emit-struct-debug-baseonly emit-struct-debug-reduced
  emulated-tls enable-matrix enforce-eh-specs enum-int-equiv escaping-block-tail-calls exceptions
  expensive-optimizations experimental-isel experimental-late-parse-attributes experimental-library
  experimental-new-constant-interpreter experimental-new-pass-manager experimental-relative-c++-abi-vtables
  experimental-strict-floating-point ext-dce ext-numeric-literals extended-identifiers extern-tls-init fast-math
  fat-lto-objects file-reproducible fine-grained-bitfield-accesses finite-loops finite-math-only fix-and-continue
  float-store fold-mem-offsets fold-simple-inlines for-scope force-addr force-dwarf-frame force-emit-vtables
  force-enable-int128 format-extensions forward-propagate fp-int-builtin-inexact freestanding friend-injection
  function-cse function-sections gcse gcse-after-reload gcse-las gcse-lm gcse-sm gimple global-isel gnu-inline-asm
  gnu-keywords gnu-runtime gnu-tm gnu-unique gnu89-inline graphite graphite-identity guess-branch-probability
  handle-exceptions hardcfr-check-exceptions hardcfr-check-returning-calls hardcfr-skip-leaf harden-compares
  harden-conditional-branches harden-control-flow-redundancy hardened heinous-gnu-extensions
  hlsl-strict-availability hoist-adjacent-loads honor-infinites honor-infinities honor-nans honor-std hosted
  huge-objects ident if-conversion if-conversion2 ignore-exceptions implement-inlines implicit-constexpr
  implicit-fp implicit-inline-templates implicit-none implicit-templates incremental-extensions indirect-data
  indirect-inlining indirect-virtual-calls inhibit-size-directive inline inline-atomics inline-functions
  inline-functions-called-once inline-hint-functions inline-limit inline-small-functions inline-stringops
  instrument-function-entry-bare instrument-functions instrument-functions-after-inlining integrated-as iopenmp
  ipa-bit-cp ipa-cp ipa-cp-alignment ipa-cp-clone ipa-icf ipa-icf-functions ipa-icf-variables ipa-matrix-reorg
  ipa-modref ipa-profile ipa-pta ipa-pure-const ipa-ra ipa-reference ipa-reference-addressable ipa-sra
  ipa-stack-alignment ipa-strict-aliasing ipa-struct-reorg ipa-vrp ira-hoist-pressure ira-loop-pressure
  ira-share-save-slots ira-share-spill-slots isolate-erroneous-paths-attribute isolate-erroneous-paths-dereference
  ivopts jmc jump-tables keep-gc-roots-live keep-inline-dllexport keep-inline-functions
  keep-persistent-storage-variables keep-static-consts keep-static-functions knr-functions large-source-files
  late-combine-instructions lax-vector-conversions leading-underscore legacy-pass-manager lifetime-dse
  limit-debug-info limit-function-alignment link-libatomic live-patching live-range-shrinkage local-ivars
  loop-block loop-flatten loop-interchange loop-nest-optimize loop-optimize loop-parallelize-all loop-strip-mine
  loop-unroll-and-jam lra-remat lto lto-odr-type-merging lto-report lto-report-wpa malloc-dce math-errno
  max-type-align mem-report mem-report-wpa memory-profile merge-all-constants merge-constants merge-debug-strings
  modulo-sched modulo-sched-allow-regmoves move-loop-invariants move-loop-stores ms-anonymous-structs
  ms-compatibility ms-define-stdc ms-extensions ms-hotpatch ms-volatile mudflap mudflapir mudflapth
  nested-functions new-abi new-infallible new-inheriting-ctors new-ttp-matching next-runtime nil-receivers
  non-call-exceptions nonansi-builtins nonnull-objects noopenmp-relocatable-target noopenmp-use-tls nothrow-opt
  objc-arc objc-arc-exceptions objc-atdefs objc-avoid-heapify-local-blocks objc-call-cxx-cdtors
  objc-convert-messages-to-runtime-calls objc-direct-dispatch objc-disable-direct-methods-for-testing
  objc-encode-cxx-class-template-spec objc-exceptions objc-gc objc-infer-related-result-type objc-legacy-dispatch
  objc-link-runtime objc-new-property objc-nilcheck objc-nonfragile-abi objc-sender-dependent-dispatch
  objc-sjlj-exceptions objc-weak omit-frame-pointer openacc openmp openmp-assume-no-nested-parallelism
  openmp-assume-no-thread-state openmp-assume-teams-oversubscription openmp-assume-threads-oversubscription
  openmp-enable-irbuilder openmp-extensions openmp-force-usm openmp-implicit-rpath openmp-new-driver
  openmp-optimistic-collapse openmp-relocatable-target openmp-simd openmp-target-debug openmp-target-jit
  openmp-target-new-runtime openmp-use-tls operator-names optimize-register-move optimize-sibling-calls
  optimize-strlen optional-diags orce_cpusubtype_ALL order-file-instrumentation pack-struct parse-all-comments
  partial-inlining pascal-strings pcc-struct-return peel-loops peephole peephole2 permissive pic pie
  plan9-extensions plt pointer-tbaa post-ipa-mem-report pre-ipa-mem-report predictive-commoning
  prefetch-loop-arrays preserve-as-comments pretty-templates printf-return-value profile profile-abs-path
  profile-correction profile-info-section profile-instr-generate profile-partial-training
  profile-reorder-functions profile-report profile-reusedist profile-sample-accurate profile-values protect-parens
  pseudo-probe-for-profiling ptrauth-auth-traps ptrauth-calls ptrauth-function-pointer-type-discrimination
  ptrauth-indirect-gotos ptrauth-init-fini ptrauth-intrinsics ptrauth-returns
  ptrauth-type-info-vtable-pointer-discrimination ptrauth-vtable-pointer-address-discrimination
  ptrauth-vtable-pointer-type-discrimination random-seed raw-string-literals reciprocal-math record-command-line
  record-gcc-switches ree reg-struct-return register-global-dtors-with-atexit regmove
  relaxed-template-template-args rename-registers reorder-blocks reorder-blocks-and-partition reorder-functions
  replace-objc-classes repo reroll-loops rerun-cse-after-loop rerun-loop-opt reschedule-modulo-scheduled-loops
  retain-comments-from-system-headers ripa ropi rounding-math rtlib-add-rpath rtlib-defaultlib rtti rtti-data rwpi
  safe-buffer-usage-suggestions sanitize-address-globals-dead-stripping sanitize-address-outline-instrumentation
  sanitize-address-poison-custom-array-cookie sanitize-address-use-after-scope sanitize-address-use-odr-indicator
  sanitize-cfi-canonical-jump-tables sanitize-cfi-cross-dso sanitize-cfi-icall-experimental-normalize-integers
  sanitize-cfi-icall-generalize-pointers sanitize-hwaddress-experimental-aliasing sanitize-kcfi-arity
  sanitize-link-c++-runtime sanitize-link-runtime sanitize-memory-param-retval sanitize-memory-track-origins
  sanitize-memory-use-after-dtor sanitize-minimal-runtime sanitize-recover sanitize-stable-abi sanitize-stats
  sanitize-thread-atomics sanitize-thread-func-entry-exit sanitize-thread-memory-access sanitize-trap
  sanitize-undefined-trap-on-error sched-critical-path-heuristic sched-dep-count-heuristic sched-group-heuristic
  sched-interblock sched-last-insn-heuristic sched-pressure sched-rank-heuristic sched-spec
  sched-spec-insn-heuristic sched-spec-load sched-spec-load-dangerous sched-stalled-insns sched-stalled-insns-dep
  sched2-use-superblocks sched2-use-traces schedule-fusion schedule-insns schedule-insns2 section-anchors
  seh-exceptions sel-sched-pipelining sel-sched-pipelining-outer-loops sel-sched-reschedule-pipelined
  selective-scheduling selective-scheduling2 semantic-interposition separate-named-sections set-stack-executable
  short-enums short-wchar show-column show-source-location shrink-wrap shrink-wrap-separate signaling-math
  signaling-nans signed-bitfields signed-char signed-zeros single-precision-constant sized-deallocation
  sjlj-exceptions skip-odr-check-in-gmf slp-vectorize slp-vectorize-aggressive spell-checking
  split-ivs-in-unroller split-loops split-lto-unit split-machine-functions split-paths split-stack
  split-wide-types split-wide-types-early squangle ssa-backprop ssa-phiopt stack-check stack-clash-protection
  stack-limit stack-protector stack-protector-all stack-protector-explicit stack-protector-strong
  stack-size-section standalone-debug stdarg-opt store-merging strength-reduce strict-aliasing strict-enums
  strict-float-cast-overflow strict-overflow strict-prototype strict-return strict-volatile-bitfields
  strict-vtable-pointers strong-eval-order struct-path-tbaa sync-libcalls terminated-vtables thread-jumps
  thread-sanitizer threadsafe-statics time-report time-report-details tls-model toplevel-reorder tracer
  track-macro-expansion trampolines trapping-math trapv tree-bit-ccp tree-builtin-call-dce tree-ccp tree-ch
  tree-coalesce-inlined-vars tree-coalesce-vars tree-copy-prop tree-copyrename tree-cselim tree-dce
  tree-dominator-opts tree-dse tree-forwprop tree-fre tree-loop-distribute-patterns tree-loop-distribution
  tree-loop-if-convert tree-loop-if-convert-stores tree-loop-im tree-loop-ivcanon tree-loop-linear
  tree-loop-optimize tree-loop-vectorize tree-lrs tree-partial-pre tree-pre tree-pta tree-reassoc tree-salias
  tree-scev-cprop tree-sink tree-slp-vectorize tree-slsr tree-sra tree-store-ccp tree-store-copy-prop
  tree-switch-conversion tree-tail-merge tree-ter tree-vect-loop-version tree-vectorize tree-vectorizer-verbose
  tree-vrp trigraphs unconstrained-commons unified-lto unique-basic-block-section-names
  unique-internal-linkage-names unique-section-names unit-at-a-time unreachable-traps unroll-all-loops
  unroll-completely-grow-size unroll-loops unsafe-loop-optimizations unsafe-math-optimizations unsigned-bitfields
  unsigned-char unswitch-loops unwind-tables use-cxa-atexit use-cxa-get-exception-ptr use-init-array var-tracking
  var-tracking-assignments var-tracking-assignments-toggle var-tracking-uninit variable-expansion-in-unroller
  vect-cost-model vectorize verbose-asm verify-intermediate-code version version-loops-for-strides
  virtual-function-elimination visibility-from-dllstorageclass visibility-global-new-delete-hidden
  visibility-inlines-hidden visibility-inlines-hidden-static-local-var visibility-ms-compat volatile vtable-gc
  vtable-thunks vtv-counts vtv-debug wasm-exceptions weak web whole-program whole-program-vtables whopr
  working-directory wrapv wrapv-pointer writable-relocated-rdata writable-strings xl-pragma-pack
  xray-always-emit-customevents xray-always-emit-typedevents xray-function-index xray-ignore-loops xray-instrument
  zee zero-initialized-in-bss zero-link zvector
`);

/** Features whose value, in `-fNAME=VALUE`, is a number or a list of words, never the name of a file. */
export const valuedFeatures: ReadonlySet<string> = readNames(`
  abi-compat-version abi-version align-functions align-jumps align-labels align-loops align-stack aligned-new
  altivec-src-compat asan-shadow-offset binutils-version bracket-depth c++-abi caret-diagnostics-max-lines
  cf-check-attribute cf-protection cf-runtime-abi clang-abi-compat coarray comment-block-commands
  complex-arithmetic concepts-diagnostics-depth constant-string-class constexpr-backtrace-limit
  constexpr-cache-depth constexpr-depth constexpr-loop-limit constexpr-ops-limit constexpr-steps
  contract-evaluation-semantic crash-diagnostics debug-default-version denormal-fp-math denormal-fp-math-f32
  diagnostics-color diagnostics-column-origin diagnostics-column-unit diagnostics-escape-format
  diagnostics-hotness-threshold diagnostics-minimum-margin-width diagnostics-path-format diagnostics-show-category
  diagnostics-show-location diagnostics-urls embed-bitcode emit-dwarf-unwind emit-struct-debug-detailed
  error-limit excess-precision exec-charset experimental-sanitize-metadata extend-arguments ffp-eval-method
  fp-contract fp-eval-method fp-exception-behavior fp-model fpe-trap ftrapv-handler gnuc-version
  hardcfr-check-noreturn-calls inline-limit input-charset ira-algorithm ira-region ira-verbose ivar-visibility
  large-type lax-vector-conversions lifetime-dse live-patching lto lto-compression-level lto-incremental lto-jobs
  lto-partition macro-backtrace-limit max-errors max-include-depth max-stack-var-size max-tokens max-type-align
  message-length min-function-alignment ms-compatibility-version ms-memptr-rep ms-runtime-lib msc-version
  new-alignment objc-abi-version objc-runtime objc-std openacc-dim openmp openmp-version pack-struct
  patchable-function-entry permitted-flt-eval-methods profile-function-groups profile-info-section
  profile-reproducible profile-selected-function-group profile-update randomize-layout-seed record-marker
  reorder-blocks-algorithm sanitize sanitize-address-destructor sanitize-address-field-padding
  sanitize-address-use-after-return sanitize-coverage sanitize-hwaddress-abi sanitize-memory-track-origins
  sanitize-memtag-mode sanitize-recover sanitize-sections sanitize-trap sanitize-undefined-strip-path-components
  sched-stalled-insns sched-stalled-insns-dep sched-verbose show-overloads simd-cost-model spell-checking-limit
  split-machine-functions spv-target-env sso-struct stack-check stack-limit-register stack-limit-symbol
  stack-reuse strict-flex-arrays strong-eval-order swift-async-fp symbol-partition tabstop
  template-backtrace-limit template-depth time-report tls-model track-macro-expansion trap-function
  tree-parallelize-loops tree-vectorizer-verbose trivial-auto-var-init trivial-auto-var-init-max-size
  trivial-auto-var-init-stop-after veclib vect-cost-model vectorize visibility visibility-dllexport
  visibility-externs-dllimport visibility-externs-nodllstorageclass visibility-global-new-delete
  visibility-nodllstorageclass vtable-verify wide-exec-charset xray-function-groups xray-instruction-threshold
  xray-instrumentation-bundle xray-modes xray-selected-function-group zero-call-used-regs zero-init-padding-bits
  zos-le-char-mode
`);

/**
 * Features whose value is only written into the object: path maps, names of directories, seeds. Compilers never open
 * it.
 */
export const textFeatures: ReadonlySet<string> = readNames(`
  coverage-compilation-dir coverage-prefix-map debug-compilation-dir debug-prefix-map file-compilation-dir
  file-prefix-map instrument-functions-exclude-file-list instrument-functions-exclude-function-list
  macro-prefix-map profile-instr-generate profile-prefix-map profile-prefix-path random-seed xray-function
`);
