namespace Wagi.Operator.Crds;

/// <summary>The CEL rule that keeps CGI meta-variables out of <c>env</c>. A test holds it against <see cref="Wagi.Modules.Cgi.MetaVariables"/>.</summary>
internal static class MetaVariableRule
{
    public const string Expression =
        "!self.startsWith('HTTP_') && !(self in ['AUTH_TYPE', 'CONTENT_LENGTH', 'CONTENT_TYPE', 'GATEWAY_INTERFACE', 'PATH_INFO', " +
        "'PATH_TRANSLATED', 'QUERY_STRING', 'REMOTE_ADDR', 'REMOTE_HOST', 'REMOTE_IDENT', 'REMOTE_USER', 'REQUEST_METHOD', " +
        "'SCRIPT_NAME', 'SERVER_NAME', 'SERVER_PORT', 'SERVER_PROTOCOL', 'SERVER_SOFTWARE', 'X_FULL_URL', 'X_MATCHED_ROUTE', " +
        "'X_RAW_PATH_INFO'])";

    public const string Message = "this name is a CGI meta-variable, which the runtime sets itself for every request";
}
