let text = "Content-Type: text/plain; charset=utf-8\n\n";
for (let i = 0; i < process.argv.length; i++) {
  text += "arg " + i.toString() + ": " + process.argv[i] + "\n";
}
text += "\n";

const names = process.env.keys().sort();
for (let i = 0; i < names.length; i++) {
  text += names[i] + "=" + process.env.get(names[i]) + "\n";
}
process.stdout.write(text);
