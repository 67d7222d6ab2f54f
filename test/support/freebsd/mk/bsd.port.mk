# A model of the ports collection's bsd.port.mk, as far as the port distccd goes: bmake -m HERE -C PORT TARGET. Every
# name that a port may use is defined as there, with tools that Debian has too.

PREFIX?=	/usr/local
LOCALBASE?=	/usr/local
DISTDIR?=	/usr/ports/distfiles
WRKDIRPREFIX?=	${.CURDIR}

PORTVERSION=	${DISTVERSION}
PKGNAME=	${PORTNAME}-${PORTVERSION}
DISTNAME?=	${PORTNAME}-${DISTVERSION}
EXTRACT_SUFX?=	.tar.gz
DISTFILES?=	${DISTNAME}${EXTRACT_SUFX}
MASTERDIR?=	${.CURDIR}
FILESDIR?=	${MASTERDIR}/files
PKGDIR?=	${MASTERDIR}
PLIST?=		${PKGDIR}/pkg-plist
DESCR?=		${PKGDIR}/pkg-descr
PKGMESSAGE?=	${PKGDIR}/pkg-message
DISTINFO_FILE?=	${MASTERDIR}/distinfo
WRKDIR=		${WRKDIRPREFIX}/work
WRKSRC?=	${WRKDIR}/${DISTNAME}
STAGEDIR=	${WRKDIR}/stage

CAT=		/bin/cat
ECHO_MSG=	echo
MKDIR=		/bin/mkdir -p
CFLAGS?=	-O2 -pipe
BINMODE=	555
SHAREMODE=	444
INSTALL_PROGRAM=	/usr/bin/install -s -m ${BINMODE}
INSTALL_SCRIPT=		/usr/bin/install -m ${BINMODE}
INSTALL_DATA=		/usr/bin/install -m ${SHAREMODE}
# "cd FROM && ${COPYTREE_SHARE} "NAME..." TO": links stay links, files get SHAREMODE.
COPYTREE_SHARE=	sh -c 'cp -RP $$1 "$$2" && find $$1 -type f | while read -r f; do chmod ${SHAREMODE} "$$2/$$f"; done' COPYTREE_SHARE

# Nothing is fetched here: a file that no hook has missed is missed now.
fetch: _pre-fetch
.for file in ${DISTFILES}
	@test -f ${DISTDIR}/${file} || { echo "nobody can fetch ${file} from \"${MASTER_SITES}\""; exit 1; }
.endfor

checksum: fetch
.for file in ${DISTFILES}
	@sed -n 's/^SHA256 (${file}) = \(.*\)/\1  ${DISTDIR:S|/|\/|g}\/${file}/p' ${DISTINFO_FILE} | sha256sum --check --quiet -
	@test "$$(sed -n 's/^SIZE (${file}) = //p' ${DISTINFO_FILE})" -eq "$$(stat -c %s ${DISTDIR}/${file})"
.endfor

extract: checksum
	@${MKDIR} ${WRKDIR}
	@tar -xzf ${DISTDIR}/${DISTFILES} -C ${WRKDIR}

build: extract
	@cd ${.CURDIR} && ${MAKE} do-build

stage: build
.for file in ${SUB_FILES}
	@sed -e 's|%%PREFIX%%|${PREFIX}|g; s|%%LOCALBASE%%|${LOCALBASE}|g' ${FILESDIR}/${file}.in > ${WRKDIR}/${file}
.endfor
	@${MKDIR} ${STAGEDIR}${PREFIX}
	@cd ${.CURDIR} && ${MAKE} do-install
.if defined(USE_RC_SUBR)
	@${MKDIR} ${STAGEDIR}${PREFIX}/etc/rc.d
.for script in ${USE_RC_SUBR}
	@sed -e 's|%%PREFIX%%|${PREFIX}|g; s|%%LOCALBASE%%|${LOCALBASE}|g' ${FILESDIR}/${script}.in > ${STAGEDIR}${PREFIX}/etc/rc.d/${script}
	@chmod 555 ${STAGEDIR}${PREFIX}/etc/rc.d/${script}
.endfor
.endif

.if target(pre-fetch)
_pre-fetch: pre-fetch
.else
_pre-fetch:
.endif
.PHONY: fetch checksum extract build stage _pre-fetch
