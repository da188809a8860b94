{{/* The names of all objects begin with it: the release's name. */}}
{{- define "wagi.fullname" -}}
{{- default .Release.Name .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{/* For objects without namespace: two releases of one name may be in two namespaces. */}}
{{- define "wagi.clusterName" -}}
{{- printf "%s-%s" .Release.Namespace (include "wagi.fullname" .) -}}
{{- end -}}

{{- define "wagi.operator.name" -}}{{ include "wagi.fullname" . }}-operator{{- end -}}
{{- define "wagi.runtime.name" -}}{{ include "wagi.fullname" . }}-runtime{{- end -}}

{{- define "wagi.operator.serviceAccount" -}}
{{- $account := .Values.operator.serviceAccount -}}
{{- $account.name | default (ternary (include "wagi.operator.name" .) "default" $account.create) -}}
{{- end -}}

{{- define "wagi.runtime.serviceAccount" -}}
{{- $account := .Values.runtime.serviceAccount -}}
{{- $account.name | default (ternary (include "wagi.runtime.name" .) "default" $account.create) -}}
{{- end -}}

{{/* What selects the pods of a component; never changes, for a Deployment's selector cannot. Arguments: root, component. */}}
{{- define "wagi.selectorLabels" -}}
app.kubernetes.io/name: wagi-operator
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end -}}

{{/* Labels of a pod: no versions, which would restart it for nothing. Arguments: root, component, labels. */}}
{{- define "wagi.podLabels" -}}
{{ include "wagi.selectorLabels" . }}
{{- with merge (dict) (.labels | default dict) .root.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* Labels of an object. Arguments: root, component (may be missing). */}}
{{- define "wagi.labels" -}}
app.kubernetes.io/name: wagi-operator
app.kubernetes.io/instance: {{ .root.Release.Name }}
{{- with .component }}
app.kubernetes.io/component: {{ . }}
{{- end }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
app.kubernetes.io/part-of: wagi
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
{{- with .root.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* The metadata of an object. Arguments: root, name, component, cluster (true: without namespace), labels, annotations. */}}
{{- define "wagi.metadata" -}}
name: {{ .name }}
{{- if not .cluster }}
namespace: {{ .namespace | default .root.Release.Namespace }}
{{- end }}
labels:
  {{- include "wagi.labels" . | nindent 2 }}
  {{- with .labels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- $annotations := merge (dict) (.annotations | default dict) .root.Values.commonAnnotations }}
{{- with $annotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/* An image's reference. Arguments: root, image. */}}
{{- define "wagi.image" -}}
{{- $repository := .image.repository -}}
{{- with .image.registry }}{{ $repository = printf "%s/%s" (trimSuffix "/" .) $repository }}{{ end -}}
{{- if .image.digest -}}
{{ $repository }}@{{ .image.digest }}
{{- else -}}
{{ $repository }}:{{ .image.tag | default .root.Chart.AppVersion }}
{{- end -}}
{{- end -}}

{{/* What the restricted Pod Security Standard asks of a pod; 1654 is the user `app` of the .NET images. */}}
{{- define "wagi.podSecurityContext" -}}
runAsNonRoot: true
runAsUser: 1654
runAsGroup: 1654
fsGroup: 1654
fsGroupChangePolicy: OnRootMismatch
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{- define "wagi.securityContext" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop:
    - ALL
{{- end -}}

{{/* What both pods may be given. Argument: the values of the component. */}}
{{- define "wagi.scheduling" -}}
{{- with .nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- end -}}

{{/* Spreads the pods of a component. Arguments: root, component, constraints. */}}
{{- define "wagi.topologySpread" -}}
{{- if .constraints -}}
topologySpreadConstraints:
{{- range .constraints }}
  {{- $constraint := deepCopy . }}
  {{- if not $constraint.labelSelector }}
  {{- $_ := set $constraint "labelSelector" (dict "matchLabels" (include "wagi.selectorLabels" $ | fromYaml)) }}
  {{- end }}
  - {{- toYaml $constraint | nindent 4 }}
{{- end }}
{{- end -}}
{{- end -}}

{{/*
The WagiClass of the release; empty: it has none. A release for one namespace alone has rights in it alone, and so has a class only if it is
named.
*/}}
{{- define "wagi.className" -}}
{{- if .Values.class.create -}}
{{- .Values.class.name | default (ternary "" (include "wagi.fullname" .) (not (empty .Values.operator.watchNamespace))) -}}
{{- end -}}
{{- end -}}

{{/* The manifest of the WagiClass. */}}
{{- define "wagi.class" -}}
apiVersion: wagi.dev/v1alpha1
kind: WagiClass
metadata:
  name: {{ include "wagi.className" . }}
  labels:
    {{- include "wagi.labels" (dict "root" .) | nindent 4 }}
  annotations:
    wagi.dev/is-default-class: {{ .Values.class.default | quote }}
spec:
  runtimes:
    namespace: {{ .Release.Namespace }}
    matchLabels:
      {{- include "wagi.selectorLabels" (dict "root" . "component" "runtime") | nindent 6 }}
  {{- with .Values.class.spec }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end -}}

{{/* Where clients reach the runtime: what was set, or the first host of the Ingress or HTTPRoute. */}}
{{- define "wagi.baseUrl" -}}
{{- if .Values.operator.baseUrl -}}
{{ .Values.operator.baseUrl }}
{{- else if and .Values.ingress.enabled .Values.ingress.hosts -}}
{{- printf "%s://%s" (ternary "https" "http" (gt (len .Values.ingress.tls) 0)) (first .Values.ingress.hosts) -}}
{{- else if and .Values.httpRoute.enabled .Values.httpRoute.hostnames -}}
{{- printf "https://%s" (first .Values.httpRoute.hostnames) -}}
{{- else -}}
{{- printf "http://%s.%s" (include "wagi.runtime.name" .) .Release.Namespace -}}
{{- with .Values.runtime.service.port }}{{ if ne (int .) 80 }}:{{ . }}{{ end }}{{ end -}}
{{- end -}}
{{- end -}}

{{/* The rules of a role in the generated files/role.yaml. Arguments: root, kind, name. */}}
{{- define "wagi.rules" -}}
{{- $kind := .kind -}}
{{- $name := .name | default "wagi-operator" -}}
{{- range regexSplit "(?m)^---\n" (.root.Files.Get "files/role.yaml") -1 -}}
{{- $role := fromYaml . -}}
{{- if and (eq $role.kind $kind) (eq $role.metadata.name $name) -}}
{{ toYaml $role.rules }}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* Takes the CEL rules out of a schema, in place; writes nothing. */}}
{{- define "wagi.withoutCel" -}}
{{- if kindIs "map" . -}}
{{- $_ := unset . "x-kubernetes-validations" -}}
{{- range . }}{{ include "wagi.withoutCel" . }}{{ end -}}
{{- else if kindIs "slice" . -}}
{{- range . }}{{ include "wagi.withoutCel" . }}{{ end -}}
{{- end -}}
{{- end -}}
