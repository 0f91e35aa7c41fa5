{{- define "metron.name" -}}
{{- if contains .Chart.Name .Release.Name }}{{ .Release.Name | trunc 52 | trimSuffix "-" }}{{ else }}{{ printf "%s-metron" .Release.Name | trunc 52 | trimSuffix "-" }}{{ end -}}
{{- end }}

{{- define "metron.selector" -}}
app.kubernetes.io/name: metron
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "metron.labels" -}}
{{ include "metron.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{- define "metron.workerSelector" -}}
app.kubernetes.io/name: metron-worker
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "metron.workerLabels" -}}
{{ include "metron.workerSelector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{- define "metron.captureSelector" -}}
app.kubernetes.io/name: metron-capture-host
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "metron.captureLabels" -}}
{{ include "metron.captureSelector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}
