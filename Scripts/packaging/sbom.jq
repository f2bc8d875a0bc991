# Makes a CycloneDX 1.5 bill of materials of Package.resolved and of what the linker adds.
# Arguments: version, commit, date, linked (the identities of the packages that are linked in, a line each), licences (an
# object: identity to SPDX expression), and the versions of what comes from elsewhere.
def component($type; $name; $version; $licence; $purl):
  {type: $type, name: $name, version: $version, "bom-ref": $purl, purl: $purl,
   licenses: [{expression: $licence}]};
($linked | split("\n")) as $names
| (.pins | map(select(.identity as $name | $names | index($name))
    | (.location | sub("^https://"; "") | sub("\\.git$"; "")) as $place
    | component("library"; .identity; .state.version; ($licences[.identity] // "NOASSERTION");
        "pkg:swift/\($place)@\(.state.version)")
    + {externalReferences: [{type: "vcs", url: .location, comment: .state.revision}]}))
  as $packages
| [ component("library"; "swift-runtime"; $swift; "Apache-2.0 WITH Swift-exception"; "pkg:generic/swift-runtime@\($swift)"),
    component("library"; "liblz4"; $lz4; "BSD-2-Clause"; "pkg:deb/debian/liblz4-1@\($lz4)"),
    component("library"; "zlib"; $zlib; "Zlib"; "pkg:deb/debian/zlib1g@\($zlib)"),
    component("library"; "sqlite"; $sqlite; "blessing"; "pkg:deb/debian/libsqlite3-0@\($sqlite)"),
    component("library"; "glibc"; $glibc; "LGPL-2.1-or-later"; "pkg:deb/debian/libc6@\($glibc)") ] as $system
| {"$schema": "http://cyclonedx.org/schema/bom-1.5.schema.json", bomFormat: "CycloneDX", specVersion: "1.5", version: 1,
   metadata: {timestamp: $date,
     component: (component("application"; "nexus"; $version; "NOASSERTION"; "pkg:generic/nexus@\($version)")
       + {properties: [{name: "commit", value: $commit}]} | del(.licenses))},
   components: ($packages + $system),
   dependencies: [{ref: "pkg:generic/nexus@\($version)", dependsOn: ($packages + $system | map(."bom-ref") | sort)}]}
