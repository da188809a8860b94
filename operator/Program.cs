using Wagi.Operator.Commands;

return await RootCommandFactory.Create().Parse(args).InvokeAsync();
